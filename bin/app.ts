// The app that this CLI belongs to: a checkout's or the package's. A copy of the CLI in an output has none.
import { existsSync } from "node:fs";
import { inOrder } from "../converge/deploy/stacks.ts";
import type { Synthesize } from "../converge/deploy/synthesis.ts";
import { ConvergeFault } from "../converge/fault.ts";
import { overriddenText, platformFile } from "./platform-file.ts";

/** Named when it runs: the CLI in an output is made without cdktf. */
const APP = ["./synthesize.ts", "./synthesize.js"]
  .map((name) => new URL(name, import.meta.url))
  .find((url) => existsSync(url));

/** Synthesis in this process, and the names of the stacks. */
export async function synthesizeHere(
  output: string,
  say: (line: string) => void,
): Promise<readonly string[]> {
  if (!APP)
    throw new ConvergeFault(
      "this copy of the CLI lies in an output, without its app: synthesize where the platform file and the package are",
    );
  const { synthesize } = (await import(APP.href)) as typeof import("./synthesize.ts");
  const { stacks, notes } = await synthesize({
    outdir: output,
    overridden: (override) => say(overriddenText(override)),
  });
  for (const note of notes) say(note);
  return inOrder(stacks);
}

/** Undefined where cdktf has to do it: without an app, or without a platform file beside somebody's own app. */
export function synthesis(): Synthesize | undefined {
  const named = process.env.SOUNDSTAGE_PLATFORM !== undefined;
  if (!APP || !(named || existsSync(platformFile()))) return undefined;
  return async (output, say) => {
    const stacks = await synthesizeHere(output, (line) => say(line, "stderr"));
    say(`Generated Terraform code for the stacks: ${stacks.join(", ")}`, "stdout");
  };
}
