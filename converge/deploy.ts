// Zones, then the regions one by one, then traffic: each a cdktf deploy of its own, stopped by the first that fails.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RegionFile } from "../bundle/manifest.ts";
import { ConvergeFault } from "./fault.ts";
import { requireApplicable } from "./output/applicable.ts";

/** @returns exit code */
export async function deploy(named: readonly string[], output: string): Promise<number> {
  const synth = await cdktf("synth", "--output", output);
  if (synth !== 0) return synth;
  const known = readdirSync(join(output, "stacks"));
  const unknown = named.filter((stack) => !known.includes(stack));
  if (unknown.length > 0)
    throw new ConvergeFault(`there is no stack ${unknown.join(", ")}; there are ${known.join(", ")}`);
  const stacks = inOrder(named.length > 0 ? named : known.filter((stack) => stack !== "local"));
  const example = known.some((stack) => isExample(output, stack));
  for (const stack of stacks) requireApplicable(stack, example);
  for (const [index, stack] of stacks.entries()) {
    console.log(`${stack} (${index + 1} of ${stacks.length})`);
    const code = await cdktf("deploy", stack, "--auto-approve", "--skip-synth", "--output", output);
    if (code !== 0) {
      const rest = stacks.slice(index + 1);
      console.error(`${stack} failed${rest.length > 0 ? `; not begun: ${rest.join(", ")}` : ""}`);
      return code;
    }
  }
  return 0;
}

/** Zones first: certificates and regions need them. Traffic last: answers point at regions that stand. */
export function inOrder(stacks: readonly string[]): string[] {
  const rank = (stack: string) =>
    stack === "zones" ? 0 : stack.startsWith("region-") ? 1 : stack === "traffic" ? 2 : 3;
  return [...stacks].sort((a, b) => rank(a) - rank(b));
}

function isExample(output: string, stack: string): boolean {
  const file = join(output, "stacks", stack, "region.json");
  return existsSync(file) && (JSON.parse(readFileSync(file, "utf8")) as RegionFile).example;
}

function cdktf(...args: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn("npx", ["--no-install", "cdktf", ...args], {
      stdio: "inherit",
      env: { ...process.env, CHECKPOINT_DISABLE: "1" },
    });
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}
