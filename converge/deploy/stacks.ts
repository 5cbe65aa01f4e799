// Which stacks are deployed, and in which order.
import { regionOf } from "../../bundle/reader.ts";
import { ConvergeFault } from "../fault.ts";
import { requireApplicable } from "../output/applicable.ts";
import { stacksOf } from "../output/stacks.ts";
import type { Leaving } from "./leaving.ts";

/** Those named, or all but `local`. */
export function stacksMeant(output: string, named: readonly string[]): string[] {
  const known = stacksOf(output);
  const unknown = named.filter((stack) => !known.includes(stack));
  if (unknown.length > 0)
    throw new ConvergeFault(`there is no stack ${unknown.join(", ")}; there are ${known.join(", ")}`);
  const meant = named.length > 0 ? [...new Set(named)] : known.filter((stack) => stack !== "local");
  const stacks = inOrder(meant, leavingOf(output));
  if (stacks.length === 0)
    throw new ConvergeFault(
      "the platform has no zones and no regions: name its stack `local` where that is meant",
    );
  return stacks;
}

/** The same, where nothing forbids to apply them. */
export function stacksToDeploy(output: string, named: readonly string[]): string[] {
  const stacks = stacksMeant(output, named);
  const known = stacksOf(output);
  const example = known.some((stack) => regionOf(output, stack)?.example);
  for (const stack of stacks) requireApplicable(stack, example);
  return stacks;
}

/** The regions of an output with edges that leave. */
export function leavingOf(output: string): Leaving {
  return new Map(
    stacksOf(output).flatMap((stack) => {
      const edges = regionOf(output, stack)?.leaving ?? [];
      return edges.length > 0 ? [[stack, edges] as const] : [];
    }),
  );
}

/**
 * Zones first: certificates and regions need them. Traffic after regions: answers point at hosts that stand; and before
 * those with edges that leave, so that no answer points at a host that goes.
 */
export function inOrder(stacks: readonly string[], leaving: Leaving = new Map()): string[] {
  const rank = (stack: string) => {
    if (stack === "zones") return 0;
    if (stack === "traffic") return 2;
    if (!stack.startsWith("region-")) return 4;
    return leaving.has(stack) ? 3 : 1;
  };
  return [...stacks].sort((a, b) => rank(a) - rank(b));
}
