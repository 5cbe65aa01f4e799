// Whether an output was written to its end: half of one, as a full disk or a kill leaves it, is not applied.
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "./make-folder.ts";
import { OutputFault } from "./output-json.ts";

/** Lies in the output's folder for as long as files of two syntheses may lie in it. */
const MARK = "unfinished";

export function beginOutput(output: string): void {
  makeFolder(output);
  writeFileSync(join(output, MARK), "This output is being written, or was not written to its end.\n");
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
