import { z } from "zod";
import { domain, target } from "./names.ts";
import { record } from "./record.ts";

const mail = z.union([
  z
    .literal("none")
    .meta({ description: "No mail: null MX, v=spf1 -all, DMARC p=reject (RFC 7505, RFC 7208, RFC 7489)." }),
  z.strictObject({
    mx: z.array(z.strictObject({ priority: z.int().min(0).max(65_535), target })).min(1),
    spf: z.string().startsWith("v=spf1", "expected an SPF record, which begins with v=spf1"),
    dmarc: z
      .string()
      .startsWith("v=DMARC1", "expected a DMARC record, which begins with v=DMARC1")
      .optional(),
    dkim: z
      .record(z.string(), z.base64("expected the public key in base64"))
      .default({})
      .meta({ description: "Selector → RSA public key in base64." }),
  }),
]);

export const zone = z
  .strictObject({
    provider: z.enum(["cloudflare", "route53"], { error: "expected a provider: cloudflare or route53" }),
    parent: domain.optional().meta({ description: "Zone of this file in which this one is delegated." }),
    ttl: z
      .int()
      .min(60)
      .max(86_400)
      .default(300)
      .meta({ description: "Seconds that resolvers may keep an answer." }),
    dnssec: z
      .strictObject({
        phase: z.enum(["sign", "publish", "unsign"], { error: "expected a phase: sign, publish or unsign" }),
      })
      .optional()
      .meta({
        description:
          "sign: the zone is signed; publish: its DS stands in the parent; unsign: the DS is withdrawn.",
      }),
    mail: mail.optional(),
    records: z.array(record).default([]),
    answers: z
      .record(z.string(), z.literal("by-region", "expected by-region"))
      .default({})
      .meta({ description: "Label → answered by the client's location, as the regions' `serves` say." }),
  })
  .meta({ description: "A DNS zone." });

export type ZoneRow = z.output<typeof zone>;
export type MailRow = NonNullable<ZoneRow["mail"]>;
