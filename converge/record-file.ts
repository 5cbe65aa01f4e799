// A small file that several processes may read and write: old or new as a whole, whoever reads it meanwhile and wherever a write ends.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

export function writeRecord(file: string, text: string): void {
  // By the process: the supervisor and who starts it write one name.
  const part = `${file}.${process.pid}.part`;
  writeFileSync(part, text);
  renameSync(part, file);
}

export function readRecord(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
