// What an unpacked archive is: names, modes and contents of all below a folder, as one hash.
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../bundle/hash.ts";

/** @param without a name in the folder itself that does not count */
export function treeHash(folder: string, without: string): string {
  return sha256(
    entries(folder, "")
      .filter((entry) => entry.path !== without)
      .map(({ path, text }) => `${JSON.stringify(path)} ${text}\n`)
      .join(""),
  );
}

function entries(folder: string, inner: string): { path: string; text: string }[] {
  return readdirSync(join(folder, inner))
    .sort()
    .flatMap((name) => {
      const path = join(inner, name);
      const full = join(folder, path);
      const stat = lstatSync(full);
      const mode = (stat.mode & 0o7777).toString(8);
      if (stat.isDirectory()) return [{ path, text: `folder ${mode}` }, ...entries(folder, path)];
      if (stat.isSymbolicLink()) return [{ path, text: `link ${readlinkSync(full)}` }];
      return [{ path, text: stat.isFile() ? `file ${mode} ${sha256(readFileSync(full))}` : "other" }];
    });
}
