// Who asked for what on a host: two asks for one thing are an error that names both constructs.
import type { Construct } from "constructs";
import { InvalidProps } from "../invalid-props.ts";

export class Claims {
  readonly #host: Construct;
  readonly #owners = new Map<string, { by: Construct; value: string | undefined }>();

  constructor(host: Construct) {
    this.#host = host;
  }

  /** Claims a path of the host's file tree: alone, or with others that ask for the same. */
  path(by: Construct, path: string, value?: string): void {
    InvalidProps.throwIfAny(by, [
      !/^\/[^\s\0]*[^/\s\0]$/.test(path) &&
        `path "${path}" must be absolute, without spaces or a trailing slash`,
      /\/\.{0,2}(?:\/|$)/.test(path) && `path "${path}" must not hold an empty part, "." or ".."`,
    ]);
    if (value === undefined) this.once(by, "path", path);
    else this.same(by, "path", path, value);
  }

  /** Only one construct may ask. */
  once(by: Construct, kind: string, name: string): void {
    const key = `${kind} ${name}`;
    const owner = this.#owners.get(key);
    if (owner) this.#refuse(by, owner.by, `${key} is asked for twice`);
    this.#owners.set(key, { by, value: undefined });
  }

  /** Several may ask, for the same. */
  same(by: Construct, kind: string, name: string, value: string): void {
    const key = `${kind} ${name}`;
    const owner = this.#owners.get(key);
    if (owner && owner.value !== value) {
      const what =
        owner.value === undefined ? "asked for twice" : `asked for as ${owner.value} and as ${value}`;
      this.#refuse(by, owner.by, `${key} is ${what}`);
    }
    this.#owners.set(key, { by, value });
  }

  /** Who asked for it; undefined where nobody did. */
  by(kind: string, name: string): Construct | undefined {
    return this.#owners.get(`${kind} ${name}`)?.by;
  }

  #refuse(by: Construct, first: Construct, what: string): never {
    InvalidProps.throwIfAny(by, [
      `${what} on host "${this.#host.node.id}": by ${first.node.path} and by ${by.node.path}; remove one`,
    ]);
    throw new Error("unreachable");
  }
}
