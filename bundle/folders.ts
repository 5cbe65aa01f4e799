// Folders of texts that change as wholes: a reader in another process never finds one half written.
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { makeFolder } from "./make-folder.ts";

/** Path inside the folder → text. */
export type Texts = ReadonlyMap<string, string>;

/** Makes the folders of `root` exactly these; one that holds what it should already is not touched. */
export function writeFolders(root: string, wanted: ReadonlyMap<string, Texts>): void {
  const beside = `${join(dirname(root), `.${basename(root)}`)}.${process.pid}`;
  makeFolder(root);
  try {
    for (const [name, texts] of wanted) {
      if (holds(join(root, name), texts)) continue;
      const fresh = join(beside, name);
      for (const [path, text] of texts) {
        makeFolder(dirname(join(fresh, path)));
        writeFileSync(join(fresh, path), text);
      }
      replace(join(root, name), fresh);
    }
    // cdktf leaves the files of the last synthesis where they are: a host that is gone must not stay.
    for (const name of readdirSync(root)) {
      if (!wanted.has(name)) rmSync(join(root, name), { recursive: true, force: true });
    }
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}

function holds(folder: string, texts: Texts): boolean {
  try {
    const found = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
    return (
      found.length === texts.size &&
      found.every((path) => texts.get(path) === readFileSync(join(folder, path), "utf8"))
    );
  } catch (error) {
    if (isCode(error, "ENOENT", "ENOTDIR")) return false;
    throw error;
  }
}

/** Between the two renames nothing is there; where another process was quicker, it goes round again. */
function replace(folder: string, fresh: string): void {
  for (;;) {
    try {
      renameSync(folder, `${fresh}.old`);
    } catch (error) {
      if (!isCode(error, "ENOENT")) throw error;
    }
    try {
      renameSync(fresh, folder);
      return;
    } catch (error) {
      if (!isCode(error, "ENOTEMPTY", "EEXIST")) throw error;
      rmSync(`${fresh}.old`, { recursive: true, force: true });
    }
  }
}

function isCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? "");
}
