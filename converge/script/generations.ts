// The generations that a host keeps, as `history` of its script tells them.
import { ConvergeFault } from "../fault.ts";
import { Answer, type Line } from "./answer.ts";

export interface Generation {
  readonly number: number;
  /** It is the one in place. */
  readonly holds: boolean;
  /** Hash of its manifest. */
  readonly manifest: string;
  readonly time: string;
  readonly by: string;
  /** Commit of the output that it came with; `-` where there was none. */
  readonly origin: string;
}

/** The oldest first. */
export function generations(lines: readonly Line[]): Generation[] {
  return new Answer(lines)
    .all("generation")
    .map(([number, mark, manifest = "", time = "", by = "", origin = "-"]) => ({
      number: Number(number),
      holds: mark === "holds",
      manifest,
      time,
      by,
      origin,
    }));
}

/**
 * The one to go back to: the one named, or the last before the one in place that was another bundle.
 * One of the same bundle is what a repair of drift leaves.
 */
export function goal(kept: readonly Generation[], wanted?: number): Generation {
  const current = kept.find(({ holds }) => holds);
  if (!current) throw new ConvergeFault("nothing was applied here, so there is nothing to go back to");
  const others = kept.filter(({ manifest }) => manifest !== current.manifest);
  const list = (of: readonly Generation[]) => of.map(({ number }) => number).join(", ") || "none";
  const found =
    wanted === undefined
      ? others.filter(({ number }) => number < current.number).at(-1)
      : kept.find(({ number }) => number === wanted);
  if (!found)
    throw new ConvergeFault(
      wanted === undefined
        ? `no generation of another bundle is kept from before ${current.number}, which holds; of other bundles: ${list(others)}`
        : `generation ${wanted} is not kept; kept: ${list(kept)}, of which ${current.number} holds`,
    );
  if (found.manifest === current.manifest)
    throw new ConvergeFault(
      `generation ${found.number} is the bundle that is in place (generation ${current.number}); of other bundles: ${list(others)}. What drifted from it comes back with soundstage apply`,
    );
  return found;
}
