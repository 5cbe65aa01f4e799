// Patroni's configuration is YAML 1.1, where a bare `off` is false: a tree, printed by the YAML library.
import { stringify } from "yaml";

export type Tree = string | number | boolean | readonly Tree[] | { readonly [key: string]: Tree };

export function print(tree: { readonly [key: string]: Tree }): string {
  return `# Written by Soundstage.\n${stringify(tree, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false })}`;
}
