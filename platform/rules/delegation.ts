// What must hold between zones: who delegates whom, and who is signed.
import { inside } from "../names.ts";
import type { Parts, ZonePart } from "../parts.ts";
import { type Finding, listed, type Rule } from "./rule.ts";

/** The innermost other zone of this file around a zone. */
function enclosing({ name }: ZonePart, { zones }: Parts): ZonePart | undefined {
  return zones
    .filter((other) => other.name !== name && inside(name, other.name))
    .sort((a, b) => b.name.length - a.name.length)[0];
}

const each = (find: (zone: ZonePart, parts: Parts) => readonly Finding[]) => (parts: Parts) =>
  parts.zones.flatMap((zone) => find(zone, parts));

/** RFC 1034 §4.2.1: a zone is delegated by the zone right above it. */
const zoneParent: Rule = {
  id: "zone-parent",
  find: each((zone, parts) => {
    const above = enclosing(zone, parts);
    const path = [...zone.path, "parent"];
    if (zone.parent === undefined) {
      const delegated = above?.records.some(({ owner, type }) => owner === zone.name && type === "NS");
      const message = `zone "${zone.name}" is inside "${above?.name}", which does not delegate it: say parent: ${above?.name}`;
      return above && !delegated ? [{ path: zone.path, key: true, message }] : [];
    }
    if (zone.parent === above?.name) return [];
    if (!parts.zones.some(({ name }) => name === zone.parent)) {
      const known = listed(parts.zones.map(({ name }) => name));
      return [{ path, message: `zone "${zone.parent}" is not in this file; ${known}` }];
    }
    const message = `${zone.name} is not right inside ${zone.parent}${above ? `: its parent is ${above.name}` : ""}`;
    return [{ path, message }];
  }),
};

/** RFC 1034 §4.2.1: below a cut the parent's records are not seen. */
const zoneOccluded: Rule = {
  id: "zone-occluded",
  find: ({ names }) =>
    names.all().flatMap(({ owner, type, zone, path, by }) => {
      const holder = names.zoneOf(owner);
      if (holder === zone || holder === undefined || (owner === holder && type === "NS")) return [];
      const message = `${owner} belongs to zone "${holder}", which is delegated`;
      return by === undefined
        ? [{ path, message: `${message}: move the record there` }]
        : [{ path, key: true, message: `${message}, and ${by} writes it into "${zone}": take another name` }];
    }),
};

/** RFC 4035 §5: a DS counts only where the parent's own signature vouches for it. */
const dnssecParent: Rule = {
  id: "dnssec-parent",
  find: each((zone, { zones }) => {
    const parent = zones.find(({ name }) => name === zone.parent);
    if (zone.phase !== "publish" || !parent || (parent.phase && parent.phase !== "unsign")) return [];
    const message = `a DS of this zone would stand in "${parent.name}", which is not signed: sign that first, or say sign here`;
    return [{ path: [...zone.path, "dnssec"], message }];
  }),
};

/** The provider writes these itself (Cloudflare and Route 53 manage the NS of their zones). */
const apexNs: Rule = {
  id: "apex-ns",
  find: each((zone) =>
    zone.records
      .filter(({ owner, type }) => owner === zone.name && type === "NS")
      .map(({ path }) => ({
        path,
        message: "the provider writes the zone's own NS records: remove this one",
      })),
  ),
};

/** What a child zone says of its servers is written into its parent. */
const nsDelegated: Rule = {
  id: "ns-delegated",
  find: each((zone, { zones }) =>
    zone.records.flatMap(({ owner, type, path }) => {
      const child = zones.find(({ name, parent }) => name === owner && parent === zone.name);
      const message = `zone "${owner}" says parent: ${zone.name}, which writes its NS records: remove this one`;
      return child && type === "NS" ? [{ path, message }] : [];
    }),
  ),
};

/** RFC 1034 §4.1: at least two name servers. */
const nsCount: Rule = {
  id: "ns-count",
  find: each((zone) => {
    const servers = zone.records.filter(({ owner, type }) => type === "NS" && owner !== zone.name);
    return servers
      .filter(({ owner }) => servers.filter((other) => other.owner === owner).length < 2)
      .map(({ path, owner }) => ({ path, message: `${owner} needs two name servers at least, found one` }));
  }),
};

const answersProvider: Rule = {
  id: "answers-provider",
  find: each((zone) =>
    zone.provider === "cloudflare" && zone.answers.length > 0
      ? [
          {
            path: [...zone.path, "answers"],
            key: true,
            message: `answers by location need a zone on route53, found cloudflare: delegate one, such as live.${zone.name}`,
          },
        ]
      : [],
  ),
};

/** Amazon Route 53, "Choosing a routing policy": a name has one policy. */
const answersAlone: Rule = {
  id: "answers-alone",
  find: each((zone, { names }) =>
    zone.answers.flatMap((label) => {
      const other = names.at(`${label}.${zone.name}`).find(({ by }) => by !== "answers");
      const message = `"${label}" is answered by region, and has a record of type ${other?.type} too: remove one`;
      return other ? [{ path: [...zone.path, "answers", label], key: true, message }] : [];
    }),
  ),
};

export const delegationRules: readonly Rule[] = [
  zoneParent,
  zoneOccluded,
  dnssecParent,
  apexNs,
  nsDelegated,
  nsCount,
  answersProvider,
  answersAlone,
];
