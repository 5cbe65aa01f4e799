// Where a file of the operator's lies that the platform file names.
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** @param folder the platform file's folder, which it is relative to; `~/` is the home of who runs this */
export function operatorPath(folder: string, file: string): string {
  return file.startsWith("~/") ? join(homedir(), file.slice(2)) : resolve(folder, file);
}
