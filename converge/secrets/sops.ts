// Files that sops encrypted: decrypted once, as a tree, with the key that the operator's own environment names.
import { accessSync, constants } from "node:fs";
import { ConvergeFault } from "../fault.ts";
import { operatorPath } from "./operator-path.ts";
import { ProgramFault, printed } from "./program.ts";

/** What sops exits with where none of a file's recipients is the operator (its `CouldNotRetrieveKey`). */
const NO_KEY = 128;
const MAX_SHOWN = 10;

type Tree = Readonly<Record<string, unknown>>;

export class SopsFiles {
  readonly #folder: string;
  readonly #timeout: number;
  readonly #trees = new Map<string, Promise<Tree>>();

  constructor(folder: string, timeout: number) {
    this.#folder = folder;
    this.#timeout = timeout;
  }

  /** @param key keys of nested mappings, joined by dots */
  async value(file: string, key: string): Promise<string> {
    let tree = this.#trees.get(file);
    if (!tree) {
      tree = this.#decrypt(file);
      this.#trees.set(file, tree);
    }
    return pick(await tree, key, file);
  }

  async #decrypt(file: string): Promise<Tree> {
    const path = operatorPath(this.#folder, file);
    try {
      accessSync(path, constants.R_OK);
    } catch (error) {
      throw new ConvergeFault(`file ${file} can not be read (${(error as NodeJS.ErrnoException).code})`);
    }
    // In the operator's folder: SOPS_AGE_KEY_FILE may be relative to it.
    const options = { timeout: this.#timeout };
    try {
      return JSON.parse(await printed("sops", ["decrypt", "--output-type", "json", path], options)) as Tree;
    } catch (error) {
      // What JSON.parse throws shows a part of the text.
      if (!(error instanceof ConvergeFault))
        throw new ConvergeFault(`file ${file}: sops printed no JSON: its version 3.9 or later is expected`);
      const why =
        error instanceof ProgramFault && error.code === NO_KEY
          ? "none of the keys that it is encrypted for is to be had here: " +
            "let SOPS_AGE_KEY_FILE name the file with your age key, or have the file encrypted for you too (sops updatekeys)"
          : error.message;
      throw new ConvergeFault(`file ${file} can not be decrypted: ${why}`);
    }
  }
}

/** The names of keys are in the clear in such a file: they may be shown. */
function pick(tree: Tree, key: string, file: string): string {
  let found: unknown = tree;
  const walked: string[] = [];
  for (const name of key.split(".")) {
    const at = walked.length > 0 ? `"${walked.join(".")}"` : "it";
    if (found === null || typeof found !== "object" || Array.isArray(found))
      throw new ConvergeFault(`file ${file} has no "${key}": ${at} is no mapping`);
    if (!Object.hasOwn(found, name)) {
      const names = Object.keys(found);
      const shown = [...names.slice(0, MAX_SHOWN), ...(names.length > MAX_SHOWN ? ["…"] : [])].join(", ");
      throw new ConvergeFault(`file ${file} has no "${key}": ${at} has ${shown || "nothing"}`);
    }
    found = (found as Tree)[name];
    walked.push(name);
  }
  // A number or a date would not come back as it was written: 007 is 7 to YAML.
  if (typeof found !== "string")
    throw new ConvergeFault(
      `"${key}" of file ${file} is no text: quote it there, so that it stays as written`,
    );
  return found.replace(/\n$/, "");
}
