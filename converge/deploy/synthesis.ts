// How an output is written before it is deployed.
import { existsSync } from "node:fs";
import { ConvergeFault } from "../fault.ts";
import type { Programs } from "../terraform/programs.ts";

/** Told every line as it comes. */
export type Say = (line: string, from: "stdout" | "stderr") => void;

/** Writes an output anew; throws where it can not, with what to do. */
export type Synthesize = (output: string, say: Say) => Promise<void>;

/** What cdktf draws and wipes again while it works (ECMA-48 "EL", and its braille dots). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is meant
const DRAWN = /^\s*$|\u001b\[2K|^[\u2800-\u28ff]/;

/** Says how cdktf runs an app. */
const APP = "cdktf.json";

/** For an app of one's own, and for the CLI in an output, which has no app beside it. */
export function byCdktf(programs: Programs): Synthesize {
  return async (output, say) => {
    if (!existsSync(APP))
      throw new ConvergeFault(
        "there is nothing to synthesize from: here is no cdktf.json, and either no platform file or this is a CLI that lies in an output, without its app; --skip-synth takes an output as it is",
      );
    const { code } = await programs.run("npx", ["--no-install", "cdktf", "synth", "--output", output], {
      heard: (line, from) => void (DRAWN.test(line) || say(line, from)),
    });
    if (code !== 0)
      throw new ConvergeFault(
        `cdktf synth failed with exit code ${code}; --skip-synth takes an output as it is`,
      );
  };
}
