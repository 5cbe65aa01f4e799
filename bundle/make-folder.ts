// Folders at paths that a user chose. Node's own recursive mkdir goes round for ever where a parent can not be made
// and says so as if it were absent, as below /proc, and elsewhere it names the wrong folder.
import { mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder with those above it, one by one; what is there stays as it is.
 * Throws an error that names the one folder that could not be made, and why.
 * @param mode of each that is made, less the umask
 */
export function makeFolder(folder: string, mode = 0o777): void {
  if (isFolder(folder)) return;
  const parent = dirname(resolve(folder));
  if (!isFolder(parent)) makeFolder(parent, mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Another process may have been quicker.
    if (isFolder(folder)) return;
    throw new Error(
      `the folder ${folder} can not be made: ${reason(error as NodeJS.ErrnoException, parent)}`,
    );
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function reason({ code, message }: NodeJS.ErrnoException, parent: string): string {
  if (code === "EEXIST")
    return "something else than a folder has that name; remove it, or choose another path";
  if (code === "ENOENT") return `the file system of ${parent} takes no folders; choose another path`;
  if (code === "EROFS") return `the file system of ${parent} is read-only; choose another path`;
  if (code === "EACCES" || code === "EPERM") return `${parent} may not be written to; choose another path`;
  if (code === "ENOSPC" || code === "EDQUOT") return `the disk of ${parent} is full; make room`;
  return message;
}
