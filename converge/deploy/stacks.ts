// Which stacks are deployed, and in which order.
import { regionOf } from "../../bundle/reader.ts";
import { ConvergeFault } from "../fault.ts";
import { requireApplicable } from "../output/applicable.ts";
import { stacksOf } from "../output/stacks.ts";

/** Those named, or all but `local`. */
export function stacksToDeploy(output: string, named: readonly string[]): string[] {
  const known = stacksOf(output);
  const unknown = named.filter((stack) => !known.includes(stack));
  if (unknown.length > 0)
    throw new ConvergeFault(`there is no stack ${unknown.join(", ")}; there are ${known.join(", ")}`);
  const stacks = inOrder(named.length > 0 ? [...new Set(named)] : known.filter((stack) => stack !== "local"));
  if (stacks.length === 0)
    throw new ConvergeFault(
      "the platform has no zones and no regions: `deploy local` deploys its local stack",
    );
  const example = known.some((stack) => regionOf(output, stack)?.example);
  for (const stack of stacks) requireApplicable(stack, example);
  return stacks;
}

/** Zones first: certificates and regions need them. Traffic last: answers point at regions that stand. */
export function inOrder(stacks: readonly string[]): string[] {
  const rank = (stack: string) =>
    stack === "zones" ? 0 : stack.startsWith("region-") ? 1 : stack === "traffic" ? 2 : 3;
  return [...stacks].sort((a, b) => rank(a) - rank(b));
}
