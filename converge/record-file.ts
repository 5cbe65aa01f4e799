// A small file that several processes may read and write: old or new as a whole, whoever reads it meanwhile and wherever a write ends.
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

/** @param mode of the file; else what the umask leaves */
export function writeRecord(file: string, text: string | Uint8Array, mode?: number): void {
  // By the process: the supervisor and who starts it write one name.
  const part = `${file}.${process.pid}.part`;
  try {
    writeFileSync(part, text);
    if (mode !== undefined) chmodSync(part, mode);
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

export function readRecord(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
