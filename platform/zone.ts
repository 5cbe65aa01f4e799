// A DNS zone: who serves it, its signatures, its records.
import { z } from "zod";
import { mail, namedMail } from "./mail.ts";
import { absolute, domain, label, ownerName } from "./names.ts";
import { type RecordRow, record } from "./record.ts";

const phase = z.enum(["sign", "publish", "unsign"]).meta({
  description: "sign: the zone is signed; publish: its DS stands in the parent; unsign: the DS is withdrawn.",
});

export const zone = z
  .strictObject({
    provider: z.enum(["cloudflare", "route53"]).meta({ description: "Who serves it." }),
    parent: domain.optional().meta({ description: "Zone of this file in which this one is delegated." }),
    ttl: z
      .int()
      .min(60)
      .max(86_400)
      .default(300)
      .meta({ description: "Seconds that resolvers may keep an answer." }),
    dnssec: z.strictObject({ phase }).optional().meta({ description: "Signatures of the zone (RFC 4033)." }),
    mail: mail.optional(),
    records: z.array(record).default([]).meta({ description: "Records, by type." }),
    answers: z
      .record(label, z.literal("by-region"))
      .default({})
      .meta({ description: "Label → answered by the client's location, as the regions' `serves` say." }),
  })
  .meta({ description: "A DNS zone." });

/** A record with its absolute names: `owner` that it is for, `target` that it points to; no trailing dots. */
export type NamedRecord = RecordRow & { readonly owner: string };
export type ZoneRow = Omit<z.output<typeof zone>, "records"> & { readonly records: readonly NamedRecord[] };

/** The zone with every name absolute. */
export function named(name: string, row: z.output<typeof zone>): ZoneRow {
  return {
    ...row,
    records: row.records.map((content) => namedRecord(content, name)),
    ...(row.mail && { mail: namedMail(row.mail, name) }),
  };
}

export function namedRecord(row: RecordRow, zoneName: string): NamedRecord {
  const owner = ownerName(row.name, zoneName);
  return "target" in row ? { ...row, target: absolute(row.target, zoneName), owner } : { ...row, owner };
}
