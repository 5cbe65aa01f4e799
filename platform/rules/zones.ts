// What must hold between the records of a zone, and between zones.
import type { Parts, RecordPart, ZonePart } from "../parts.ts";
import type { Finding, Rule } from "./rule.ts";

const each = (find: (zone: ZonePart, parts: Parts) => readonly Finding[]) => (parts: Parts) =>
  parts.zones.flatMap((zone) => find(zone, parts));
const inside = (name: string, zone: string) => name === zone || name.endsWith(`.${zone}`);
const aliases = ({ records }: ZonePart) => records.filter(({ row }) => row.type === "CNAME");

/** Names that something answers for: records, wildcards, delegated zones, geo answers and edges. */
function exists(name: string, zone: ZonePart, parts: Parts): boolean {
  if (
    zone.records.some(
      (record) =>
        record.name === name || (record.name.startsWith("*.") && name.endsWith(record.name.slice(1))),
    )
  )
    return true;
  const edge = (parts.raw.edge as { zone?: unknown } | undefined)?.zone;
  if (name.endsWith(`.edge.${String(edge)}`)) return true;
  return parts.zones.some(
    (other) => other.name !== zone.name && inside(name, other.name) && other.name.endsWith(`.${zone.name}`),
  );
}

/** RFC 1034 §3.6.2. */
const apexCname: Rule = {
  id: "apex-cname",
  find: each((zone) =>
    aliases(zone)
      .filter(({ name }) => name === zone.name)
      .map(({ path }) => ({
        path,
        message: "a CNAME can not stand at the zone itself, which has SOA and NS records; give it addresses",
      })),
  ),
};

/** RFC 1034 §3.6.2. */
const cnameCoexistence: Rule = {
  id: "cname-coexistence",
  find: each((zone) =>
    aliases(zone).flatMap((alias) => {
      const other = zone.records.find((record) => record !== alias && record.name === alias.name);
      return other
        ? [
            {
              path: alias.path,
              message: `"${alias.row.name}" is a CNAME and has a record of type ${other.row.type} too: an alias stands alone`,
            },
          ]
        : [];
    }),
  ),
};

const cnameTarget: Rule = {
  id: "cname-target",
  find: each((zone, parts) =>
    aliases(zone)
      .filter(
        ({ target }) => target !== undefined && inside(target, zone.name) && !exists(target, zone, parts),
      )
      .map(({ path, target }) => ({
        path: [...path, "target"],
        message: `${target} does not exist: give it an address or point the alias elsewhere`,
      })),
  ),
};

/** RFC 2181 §10.3 for MX and NS, RFC 2782 for SRV. */
const targetIsCname: Rule = {
  id: "target-is-cname",
  find: each((zone, parts) => {
    const all = parts.zones.flatMap(aliases);
    const mail =
      zone.row?.mail !== undefined && zone.row.mail !== "none"
        ? zone.row.mail.mx.map(({ target }, index) => ({
            target: target.includes(".") ? target.replace(/\.$/, "") : `${target}.${zone.name}`,
            path: [...zone.path, "mail", "mx", index, "target"],
          }))
        : [];
    const pointing = [
      ...zone.records
        .filter(({ row }) => row.type === "MX" || row.type === "NS" || row.type === "SRV")
        .map(({ target, path }) => ({ target, path: [...path, "target"] })),
      ...mail,
    ];
    return pointing
      .filter(({ target }) => all.some(({ name }) => name === target))
      .map(({ target, path }) => ({
        path,
        message: `${target} is a CNAME: mail, name servers and services point at names with addresses`,
      }));
  }),
};

const targetMissing: Rule = {
  id: "target-missing",
  find: each((zone, parts) =>
    zone.records
      .filter(
        ({ row, target }) =>
          (row.type === "MX" || row.type === "SRV") &&
          target !== undefined &&
          inside(target, zone.name) &&
          !exists(target, zone, parts),
      )
      .map(({ path, target }) => ({
        path: [...path, "target"],
        message: `${target} has no address in this zone: add one`,
      })),
  ),
};

const targetIsAddress: Rule = {
  id: "target-is-address",
  find: each((zone) =>
    zone.records
      .filter(({ row }) => "target" in row && /^\d+(\.\d+){3}$/.test(row.target))
      .map(({ path, row }) => ({
        path: [...path, "target"],
        message: `${row.type} points at a name, found an address`,
      })),
  ),
};

const addressless: Rule = {
  id: "address-missing",
  find: each((zone) =>
    zone.records
      .filter(
        ({ row }) =>
          (row.type === "A" || row.type === "AAAA") && row.value === undefined && row.values === undefined,
      )
      .map(({ path }) => ({ path, message: "expected value or values, found neither" })),
  ),
};

/** RFC 2782. */
const srvName: Rule = {
  id: "srv-name",
  find: each((zone) =>
    zone.records
      .filter(({ row }) => row.type === "SRV" && !/^_[a-z0-9-]+\._(tcp|udp|sctp|tls)(\.|$)/.test(row.name))
      .map(({ path, row }) => ({
        path: [...path, "name"],
        message: `an SRV record is named _service._protocol, found "${row.name}"`,
      })),
  ),
};

const rdataDuplicate: Rule = {
  id: "rdata-duplicate",
  find: each((zone) => {
    const seen = new Set<string>();
    return zone.records.flatMap(({ row, path }) => {
      const key = JSON.stringify({ ...row, ttl: undefined });
      if (seen.has(key))
        return [{ path, message: `this ${row.type} record of "${row.name}" stands here twice` }];
      seen.add(key);
      return [];
    });
  }),
};

/** RFC 2181 §5.2. */
const ttlMixed: Rule = {
  id: "ttl-mixed",
  find: each((zone) => {
    const ttls = new Map<string, RecordPart>();
    return zone.records.flatMap((record) => {
      const key = `${record.name} ${record.row.type}`;
      const first = ttls.get(key) ?? record;
      ttls.set(key, first);
      return first.row.ttl === record.row.ttl
        ? []
        : [
            {
              path: record.path,
              message: `the ${record.row.type} records of "${record.row.name}" have different TTLs: they are one set`,
            },
          ];
    });
  }),
};

/** RFC 7208 §4.5; RFC 1035 §3.3.14 for the length, which providers bound at 65280 bytes. */
const txt: Rule = {
  id: "txt-value",
  find: each((zone) =>
    zone.records.flatMap(({ row, path }): Finding[] => {
      if (row.type !== "TXT") return [];
      const spf = row.text.startsWith("v=spf1") && zone.row?.mail !== undefined && row.name === "@";
      return [
        ...(spf ? [{ path, message: "a name has one SPF record, and `mail` writes it already" }] : []),
        ...(row.name.startsWith("_acme-challenge")
          ? [
              {
                path,
                message:
                  "_acme-challenge belongs to the certificate authority's client: it is not declared here",
              },
            ]
          : []),
        ...(new TextEncoder().encode(row.text).length > 65_280
          ? [{ path: [...path, "text"], message: "a TXT record holds at most 65280 bytes" }]
          : []),
      ];
    }),
  ),
};

/** RFC 8301 §3.2: at least 2048 bits; a DER public key of 2048 bits has 294 bytes. */
const dkimKey: Rule = {
  id: "dkim-key",
  find: each((zone) =>
    zone.row?.mail === undefined || zone.row.mail === "none"
      ? []
      : Object.entries(zone.row.mail.dkim)
          .filter(([, key]) => (key.replace(/=+$/, "").length * 3) / 4 < 290)
          .map(([selector]) => ({
            path: [...zone.path, "mail", "dkim", selector],
            message: "expected an RSA public key of 2048 bits or more (RFC 8301)",
          })),
  ),
};

const parent: Rule = {
  id: "zone-parent",
  find: each((zone, { zones }) => {
    const named = zone.row?.parent;
    if (named === undefined) return [];
    const path = [...zone.path, "parent"];
    if (!zones.some(({ name }) => name === named))
      return [{ path, message: `zone "${named}" is not in this file` }];
    return zone.name.endsWith(`.${named}`) ? [] : [{ path, message: `${zone.name} is not inside ${named}` }];
  }),
};

const geoProvider: Rule = {
  id: "geo-provider",
  find: each((zone) =>
    zone.row && zone.row.provider !== "route53" && Object.keys(zone.row.answers).length > 0
      ? [
          {
            path: [...zone.path, "answers"],
            message: `answers by location need a zone on route53; delegate one, such as live.${zone.name}`,
          },
        ]
      : [],
  ),
};

export const zoneRules: readonly Rule[] = [
  apexCname,
  cnameCoexistence,
  cnameTarget,
  targetIsCname,
  targetMissing,
  targetIsAddress,
  addressless,
  srvName,
  rdataDuplicate,
  ttlMixed,
  txt,
  dkimKey,
  parent,
  geoProvider,
];
