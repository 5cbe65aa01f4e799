// Zones, their records, their delegation and their signatures.
import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { zoneId } from "../constructs/dns/ids.ts";
import type { DnsRecord } from "../constructs/dns/record.ts";
import { Zone } from "../constructs/dns/zone.ts";
import { addressType } from "../platform/address.ts";
import { mailRecords } from "../platform/mail.ts";
import { edgeName } from "../platform/names.ts";
import { addresses } from "../platform/record.ts";
import type { Platform } from "../platform/schema.ts";
import type { NamedRecord, ZoneRow } from "../platform/zone.ts";
import { setBackend } from "./backend.ts";
import { addAws, addCloudflare } from "./providers.ts";

export interface ZonesStackProps {
  readonly platform: Platform;
  /** The platform file, relative to the output's folder. */
  readonly source: string;
}

export class ZonesStack extends TerraformStack {
  constructor(scope: Construct, id: string, { platform, source }: ZonesStackProps) {
    super(scope, id);
    setBackend(this, id, { platform, source });
    const rows = Object.entries(platform.zones);
    if (rows.some(([, { provider }]) => provider === "cloudflare")) addCloudflare(this);
    if (rows.some(([, { provider }]) => provider === "route53")) addAws(this);
    const zones = new Map<string, Zone>();
    // Parents first: a child is written into its parent.
    for (const [domain, row] of rows.sort(([a], [b]) => a.split(".").length - b.split(".").length)) {
      const parent = row.parent && zones.get(row.parent);
      zones.set(
        domain,
        new Zone(this, zoneId(this, domain), {
          domain,
          provider: row.provider,
          ttl: row.ttl,
          ...(row.dnssec && { dnssec: row.dnssec.phase }),
          ...(parent && { parent }),
          records: [
            ...row.records.flatMap((record) => records(record)),
            ...mail(domain, row),
            ...edges(domain, platform),
          ],
        }),
      );
    }
  }
}

function records(row: NamedRecord): DnsRecord[] {
  const common = { name: row.owner, ...(row.ttl !== undefined && { ttl: row.ttl }) };
  const proxied = "proxied" in row && row.proxied !== undefined ? { proxied: row.proxied } : {};
  switch (row.type) {
    case "A":
    case "AAAA":
      return addresses(row).map((address) => ({ ...common, ...proxied, type: row.type, address }));
    case "TXT":
      return [{ ...common, type: "TXT", text: row.text }];
    case "CAA":
      return [{ ...common, type: "CAA", flags: row.flags, tag: row.tag, issuer: row.issuer }];
    case "MX":
      return [{ ...common, type: "MX", priority: row.priority, target: row.target }];
    case "SRV":
      return [
        {
          ...common,
          type: "SRV",
          priority: row.priority,
          weight: row.weight,
          port: row.port,
          target: row.target,
        },
      ];
    case "CNAME":
      return [{ ...common, ...proxied, type: "CNAME", target: row.target }];
    case "NS":
      return [{ ...common, type: "NS", target: row.target }];
  }
}

function mail(domain: string, { mail: row }: ZoneRow): DnsRecord[] {
  return (row === undefined ? [] : mailRecords(row, domain)).map(({ owner, at: _at, ...rest }) => ({
    name: owner,
    ...rest,
  }));
}

/** Each edge has a name of its own. */
function edges(domain: string, platform: Platform): DnsRecord[] {
  if (platform.edge?.zone !== domain) return [];
  return Object.values(platform.regions).flatMap(({ hosts }) =>
    Object.entries(hosts)
      .filter(([, { roles, retire }]) => roles.includes("edge") && !retire)
      .map(
        ([name, { address }]): DnsRecord => ({
          name: edgeName(name, domain),
          type: addressType(address),
          address,
        }),
      ),
  );
}
