// What must hold of a record by itself, and of the records of one name.
import { mapsIpv4 } from "../address.ts";
import { inside, MAX_NAME } from "../names.ts";
import type { Parts, RecordPart, ZonePart } from "../parts.ts";
import { addresses } from "../record.ts";
import type { NamedRecord } from "../zone.ts";
import { type Finding, type Rule, repeated } from "./rule.ts";

type Read = RecordPart & { readonly row: NamedRecord };

const readOf = ({ records }: ZonePart): Read[] =>
  records.filter((part): part is Read => part.row !== undefined);
const each = (find: (part: Read, zone: ZonePart) => readonly Finding[]) => (parts: Parts) =>
  parts.zones.flatMap((zone) => readOf(zone).flatMap((part) => find(part, zone)));

const addressMissing: Rule = {
  id: "address-missing",
  find: each(({ row, path }) =>
    (row.type === "A" || row.type === "AAAA") && addresses(row).length === 0
      ? [{ path, message: `expected value or values in this ${row.type} record, found neither` }]
      : [],
  ),
};

/** RFC 1035 §2.3.4. */
const nameLength: Rule = {
  id: "name-length",
  find: each(({ owner, path }) =>
    owner.length > MAX_NAME
      ? [
          {
            path: [...path, "name"],
            message: `a name has at most ${MAX_NAME} characters, found ${owner.length} with its zone`,
          },
        ]
      : [],
  ),
};

const nameRepeatsZone: Rule = {
  id: "name-repeats-zone",
  find: each(({ row, path }, zone) =>
    inside(row.name, zone.name)
      ? [{ path: [...path, "name"], message: `names are relative to the zone: this would be ${row.owner}` }]
      : [],
  ),
};

/** RFC 1123 §2.1: what has an address is a host, and an underscore is no letter of its name. */
const nameHost: Rule = {
  id: "name-host",
  find: each(({ row, path }) =>
    (row.type === "A" || row.type === "AAAA" || row.type === "MX") && row.name.includes("_")
      ? [
          {
            path: [...path, "name"],
            message: `a name of type ${row.type} has no underscore, found "${row.name}"`,
          },
        ]
      : [],
  ),
};

/** RFC 2782. */
const srvName: Rule = {
  id: "srv-name",
  find: each(({ row, path }) =>
    row.type === "SRV" && !/^_[a-z0-9-]+\._[a-z]+(\.|$)/.test(row.name)
      ? [
          {
            path: [...path, "name"],
            message: `expected _service._protocol as name of an SRV record, found "${row.name}"`,
          },
        ]
      : [],
  ),
};

/** RFC 2782: port 0 is no port. */
const srvPort: Rule = {
  id: "srv-port",
  find: each(({ row, path }) =>
    row.type === "SRV" && row.port === 0 && row.target !== "."
      ? [{ path: [...path, "port"], message: "expected a port from 1 to 65535, found 0" }]
      : [],
  ),
};

/** Cloudflare: 1 is automatic, else 60 to 86400, and what is proxied has 1. Route 53 takes what the schema does. */
const ttlRange: Rule = {
  id: "ttl-range",
  find: each(({ row, path }, { provider }) => {
    if (row.ttl === undefined || provider === undefined) return [];
    const at = [...path, "ttl"];
    if (provider === "route53") return [];
    if ("proxied" in row && row.proxied && row.ttl !== 1)
      return [{ path: at, message: `a proxied record has ttl 1, found ${row.ttl}: leave it out` }];
    return row.ttl !== 1 && (row.ttl < 60 || row.ttl > 86_400)
      ? [
          {
            path: at,
            message: `expected 60 to 86400 seconds on cloudflare, or 1 for automatic, found ${row.ttl}`,
          },
        ]
      : [];
  }),
};

const proxiedProvider: Rule = {
  id: "proxied-provider",
  find: each(({ row, path }, { provider }) =>
    "proxied" in row && row.proxied && provider === "route53"
      ? [{ path: [...path, "proxied"], message: "only cloudflare proxies, and this zone is on route53" }]
      : [],
  ),
};

const rdataDuplicate: Rule = {
  id: "rdata-duplicate",
  find: ({ zones }) =>
    zones.flatMap((zone) => {
      const data = readOf(zone).flatMap(({ row, path }) =>
        (row.type === "A" || row.type === "AAAA" ? addresses(row) : [rdata(row)]).map((value) => ({
          path,
          row,
          key: `${row.owner} ${row.type} ${value}`,
        })),
      );
      return repeated(data, ({ key }) => key).map(([{ path, row }]) => ({
        path,
        message: `this ${row.type} record of "${row.name}" stands here twice: give it once`,
      }));
    }),
};

/** An edge's name has the address of its host, and no other. */
const edgeOwn: Rule = {
  id: "edge-own-name",
  find: (parts) =>
    each(({ owner, row, path }) => {
      const written = parts.names
        .at(owner)
        .find(({ by, type }) => by?.startsWith("host ") && type === row.type);
      const message = `the ${row.type} record of ${owner} is written for ${written?.by}, which is an edge: remove this one`;
      return written ? [{ path, message }] : [];
    })(parts),
};

function rdata({ ttl: _ttl, name: _name, ...rest }: NamedRecord): string {
  return JSON.stringify(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** RFC 2181 §5.2. */
const ttlMixed: Rule = {
  id: "ttl-mixed",
  find: ({ zones }) =>
    zones.flatMap((zone) => {
      const sets = new Map<string, NamedRecord>();
      return readOf(zone).flatMap(({ row, path }): Finding[] => {
        const key = `${row.owner} ${row.type}`;
        const first = sets.get(key) ?? row;
        sets.set(key, first);
        const message = `the ${row.type} records of "${row.name}" are one set and have one ttl, found ${row.ttl ?? "none"} beside ${first.ttl ?? "none"}`;
        return first.ttl === row.ttl ? [] : [{ path, message }];
      });
    }),
};

/** RFC 4291 §2.5.5: such an address belongs into an A record. */
const mappedAddress: Rule = {
  id: "address-mapped",
  find: each(({ row, path }) =>
    row.type === "AAAA" && addresses(row).some(mapsIpv4)
      ? [
          {
            path,
            message: "expected an IPv6 address, found one that maps an IPv4 address: write an A record",
          },
        ]
      : [],
  ),
};

export const recordRules: readonly Rule[] = [
  addressMissing,
  nameLength,
  nameRepeatsZone,
  nameHost,
  srvName,
  srvPort,
  ttlRange,
  proxiedProvider,
  rdataDuplicate,
  edgeOwn,
  ttlMixed,
  mappedAddress,
];
