// What a host has: which bundle, and which generation of it.
import { ConvergeFault } from "../fault.ts";
import { Answer, type Line } from "./answer.ts";

export interface Held {
  /** Hash of its manifest; `none` before the first apply. */
  readonly manifest: string;
  readonly generation: number;
}

export function heldOf(lines: readonly Line[]): Held {
  const answer = new Answer(lines);
  return { manifest: answer.one("manifest") ?? "none", generation: Number(answer.one("generation") ?? 0) };
}

export function requireHeld(planned: Held, held: Held): void {
  if (planned.generation === held.generation && planned.manifest === held.manifest) return;
  throw new ConvergeFault(
    `the plan is stale: the host is at ${described(held)}, and it was planned at ${described(planned)}; plan again`,
  );
}

function described({ generation, manifest }: Held): string {
  return `generation ${generation}${manifest === "none" ? "" : ` (bundle ${manifest.slice(0, 12)})`}`;
}
