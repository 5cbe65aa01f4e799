// Our side: the CLI as users run it, and the engine within a process that runs already.

import type { Connection } from "../bundle/manifest.ts";
import { readRegion } from "../bundle/reader.ts";
import { convergeRegion } from "../converge/run/region.ts";
import { timed } from "./child.ts";
import type { BenchOutput } from "./output.ts";

/** One process, from its start to its end; throws unless as many hosts say `expected` as were asked. */
export async function apply(
  output: BenchOutput,
  stack: string,
  expected: "same" | "generation",
  options: readonly string[] = [],
  hosts = readRegion(output.folder, stack).hosts.map(({ host }) => host),
): Promise<number> {
  const words = [output.cli, "apply", ...hosts, "--stack", stack, ...options];
  const { ms, output: said } = await timed(process.execPath, words);
  const found = said.split("\n").filter((line) => line.split(/\s+/)[1] === expected).length;
  if (found !== hosts.length)
    throw new Error(`${found} of ${hosts.length} hosts say "${expected}":\n${said}`);
  return ms;
}

/** The engine alone, where nothing is to change. */
export async function engine(output: BenchOutput, stack: string): Promise<number> {
  const hosts = readRegion(output.folder, stack).hosts.filter(
    (host): host is Connection => "address" in host,
  );
  const steps: string[] = [];
  const report = {
    step: (_host: string, step: string) => void steps.push(step),
    failed: (host: string, reason: string) => void steps.push(`${host}: ${reason}`),
    close: () => {},
  };
  const began = performance.now();
  await convergeRegion({ output: output.folder, stack, hosts, folder: output.folder, report });
  const ms = performance.now() - began;
  if (steps.some((step) => step !== "same"))
    throw new Error(`the engine did more than verify: ${steps.join("; ")}`);
  return ms;
}
