// The edges of a region that clients are no longer sent to, and for how long they may still come.
import type { LeavingEdge } from "../bundle/manifest.ts";
import { ANSWER_TTL } from "../constructs/dns/geo-answers.ts";
import type { Platform } from "../platform/schema.ts";

/** Edges that retire; all of them where the region is not live any more and a host of it retires. */
export function leavingEdges(platform: Platform, region: string): LeavingEdge[] {
  const { regions, zones, edge } = platform;
  const { hosts, live } = regions[region] as Platform["regions"][string];
  const emptied = !live && Object.values(hosts).some(({ retire }) => retire);
  const answers = Object.values(zones).some((zone) => Object.keys(zone.answers).length > 0);
  // Answers by region, and the name that each edge has of its own.
  const ttl = Math.max(answers ? ANSWER_TTL : 0, zones[edge?.zone ?? ""]?.ttl ?? 0);
  return Object.entries(hosts)
    .filter(([, { roles, retire }]) => roles.includes("edge") && (retire || emptied))
    .map(([host, { address }]) => ({ host, address, ttl }));
}
