// The app that this CLI belongs to: a checkout's or the package's. A copy of the CLI in an output has none.
import { existsSync } from "node:fs";
import { inOrder, leavingOf } from "../converge/deploy/stacks.ts";
import type { Synthesize } from "../converge/deploy/synthesis.ts";
import { ConvergeFault } from "../converge/fault.ts";
import type { Own } from "../converge/releases/releases.ts";
import { overriddenText, platformFile } from "./platform-file.ts";

/** A module of the app, named when it runs: the CLI in an output is made without cdktf and without what builds. */
const address = (name: string): URL | undefined =>
  [`./${name}.ts`, `./${name}.js`]
    .map((file) => new URL(file, import.meta.url))
    .find((url) => existsSync(url));

async function load(name: string): Promise<unknown> {
  const url = address(name);
  if (url) return import(url.href);
  throw new ConvergeFault(
    "this copy of the CLI lies in an output, without its app: run it where the platform file and the package are",
  );
}

/** Synthesis in this process, and the names of the stacks. */
export async function synthesizeHere(
  output: string,
  say: (line: string) => void,
): Promise<readonly string[]> {
  const { synthesize } = (await load("synthesize")) as typeof import("./synthesize.ts");
  const { stacks, notes } = await synthesize({
    outdir: output,
    overridden: (override) => say(overriddenText(override)),
  });
  for (const note of notes) say(note);
  return inOrder(stacks, leavingOf(output));
}

/** Undefined where cdktf has to do it: without an app, or without a platform file beside somebody's own app. */
export function synthesis(): Synthesize | undefined {
  const named = process.env.SOUNDSTAGE_PLATFORM !== undefined;
  if (!address("synthesize") || !(named || existsSync(platformFile()))) return undefined;
  return async (output, say) => {
    const stacks = await synthesizeHere(output, (line) => say(line, "stderr"));
    say(`Generated Terraform code for the stacks: ${stacks.join(", ")}`, "stdout");
  };
}

export const ownRelease: Own = async () => {
  const { relayRelease } = (await load("builds")) as typeof import("./builds.ts");
  return relayRelease();
};
