// Which hosts of which stacks a run is about.
import { join } from "node:path";
import type { RegionFile } from "../../bundle/manifest.ts";
import { plannedDigest } from "../../bundle/planned.ts";
import { readBundle, readRegion } from "../../bundle/reader.ts";
import { requireWhole } from "../../bundle/whole.ts";
import { ConvergeFault } from "../fault.ts";
import { requireApplicable } from "./applicable.ts";
import { LastRun, type RunKind } from "./last-run.ts";

export interface Wanted {
  /** Folder that cdktf synthesized into. */
  readonly output: string;
  /** One stack, or several, one after the other. */
  readonly stack: string | readonly string[];
  /** Names of hosts; all when empty. */
  readonly hosts?: readonly string[];
  /** Of these only hosts that were not at their bundle when the last run ended. @default false */
  readonly onlyFailed?: boolean;
  /** Whose last run that was. @default apply */
  readonly lastRun?: RunKind;
  /** JSON of what Terraform planned: host → `plannedDigest`. */
  readonly triggers?: string;
}

/** A stack, with those of its hosts that are meant. */
export type Selection = RegionFile;

export function select(wanted: Wanted): Selection[] {
  const { output, hosts = [], triggers } = wanted;
  requireWhole(output);
  const regions = [...new Set([wanted.stack].flat())].map((stack) => readRegion(output, stack));
  const names = regions.flatMap((region) => region.hosts.map(({ host }) => host));
  for (const { stack, example } of regions) requireApplicable(stack, example);
  const unknown = hosts.filter((host) => !names.includes(host));
  if (unknown.length > 0)
    throw new ConvergeFault(
      `${regions.map(({ stack }) => stack).join(" and ")} has no host ${unknown.join(", ")}; it has ${names.join(", ")}`,
    );
  if (triggers !== undefined) {
    for (const region of regions) requirePlanned(output, region, triggers);
  }
  return regions.map((region) => {
    const unfinished = wanted.onlyFailed ? unfinishedOf(output, region.stack, wanted.lastRun) : undefined;
    const meant = region.hosts.filter(
      ({ host }) => (hosts.length === 0 || hosts.includes(host)) && (unfinished?.includes(host) ?? true),
    );
    return { ...region, hosts: meant };
  });
}

function unfinishedOf(output: string, stack: string, kind: RunKind = "apply"): readonly string[] {
  const unfinished = new LastRun(output, stack, kind).unfinished();
  if (unfinished) return unfinished;
  throw new ConvergeFault(
    `${join(output, "logs")} holds no record of a run of ${stack}: ${kind} it without --only-failed`,
  );
}

/** What is applied is what was planned: an output that was synthesized anew meanwhile is refused. */
function requirePlanned(output: string, { stack, hosts }: RegionFile, triggers: string): void {
  const planned = JSON.parse(triggers) as Readonly<Record<string, string>>;
  const found = new Map(
    hosts.map((row) => {
      const manifest = readBundle(output, stack, row.host).hash;
      const digest =
        "address" in row
          ? plannedDigest({ manifest, place: row.address, hostKey: row.hostKey })
          : plannedDigest({ manifest, place: row.directory, hostKey: undefined });
      return [row.host, digest];
    }),
  );
  const other = [...new Set([...found.keys(), ...Object.keys(planned)])].filter(
    (host) => found.get(host) !== planned[host],
  );
  if (other.length > 0) {
    throw new ConvergeFault(
      `${join(output, "stacks", stack)} is not what was planned: the bundle, address or host key of ${other.join(", ")} differs; plan again and apply that plan`,
    );
  }
}
