// The stacks of an output and their hosts.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MAPPING, outputJson } from "../../bundle/output-json.ts";
import { regionOf } from "../../bundle/reader.ts";
import { requireWhole } from "../../bundle/whole.ts";
import { ConvergeFault } from "../fault.ts";

/** Those that were synthesized last: cdktf leaves folders of earlier ones beside them. */
export function stacksOf(output: string): string[] {
  const file = join(output, "manifest.json");
  if (!existsSync(file))
    throw new ConvergeFault(
      `${file} is not there: nothing was synthesized: run cdktf synth; where another output is meant: --output <folder>`,
    );
  requireWhole(output);
  const { stacks } = outputJson(readFileSync(file, "utf8"), file, { stacks: MAPPING }) as { stacks: object };
  return Object.keys(stacks);
}

/** Stacks with machines, which are asked what they have. */
export function stacksWithMachines(output: string): string[] {
  return stacksOf(output).filter((stack) => regionOf(output, stack)?.hosts.some((host) => "address" in host));
}

/** The one that is meant where none is named: that with hosts, besides `local`, if it is the only one. */
export function onlyStack(output: string): string {
  const stacks = stacksOf(output).filter((stack) => regionOf(output, stack));
  const [only, ...others] = stacks.filter((stack) => stack !== "local");
  if (only !== undefined && others.length === 0) return only;
  throw new ConvergeFault(
    `which hosts are meant is not said: expected --stack <stack>, and of stacks with hosts ${output} has ${stacks.join(", ") || "none"}; where another output is meant: --output <folder>`,
  );
}

/** Host → its address, of all stacks of an output. */
export function hostsOf(output: string): Map<string, string | undefined> {
  const hosts = stacksOf(output).flatMap((stack) => regionOf(output, stack)?.hosts ?? []);
  return new Map(hosts.map((host) => [host.host, "address" in host ? host.address : undefined]));
}
