import { dirname } from "node:path";
import { makeFolder } from "../bundle/make-folder.ts";
import { writeRecord } from "../converge/record-file.ts";

/**
 * Writes a CLI with its parts, none of which is ever half written; the CLI itself last: it names the others.
 * @param files path → content, the CLI's own among them
 */
export function placeCli(cli: string, files: ReadonlyMap<string, Uint8Array>): void {
  const parts = [...files].filter(([path]) => path !== cli);
  for (const [path, content] of [...parts, ...[...files].filter(([path]) => path === cli)]) {
    makeFolder(dirname(path));
    writeRecord(path, content);
  }
}
