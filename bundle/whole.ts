// Whether an output was written to its end: half of one, as a full disk or a kill leaves it, is not applied.
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "./make-folder.ts";
import { OutputFault } from "./output-json.ts";

/** Lies in the output's folder for as long as files of two syntheses may lie in it. */
const MARK = "unfinished";

/** From here on it is refused. Throws where it can not even be marked, as on a disk that is full already. */
export function beginOutput(output: string): void {
  makeFolder(output);
  const mark = join(output, MARK);
  if (existsSync(mark)) return;
  try {
    writeFileSync(mark, "This output is being written, or was not written to its end.\n");
  } catch (error) {
    rmSync(mark, { force: true });
    throw new OutputFault(`${output} can not be written, and is as it was: ${(error as Error).message}`);
  }
}

export function endOutput(output: string): void {
  rmSync(join(output, MARK));
}

/** Throws where something of an output may be older than the rest. */
export function requireWhole(output: string): void {
  if (existsSync(join(output, MARK)))
    throw new OutputFault(
      `${output} is not whole: its synthesis goes on, or ended before its end, and files of two may be mixed in it; synthesize again: cdktf synth`,
    );
}
