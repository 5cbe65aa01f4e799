// How a zone's mail goes, or that it has none.
import { z } from "zod";
import { absolute, target } from "./names.ts";
import { text } from "./text.ts";

const SELECTOR = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

export const mail = z
  .union(
    [
      z.literal("none").meta({
        description: "No mail: null MX, v=spf1 -all, DMARC p=reject (RFC 7505, RFC 7208, RFC 7489).",
      }),
      z.strictObject({
        mx: z
          .array(
            z.strictObject({
              priority: z.int().min(0).max(65_535).meta({ description: "The lowest is tried first." }),
              target,
            }),
          )
          .min(1)
          .meta({ description: "Hosts that take mail." }),
        spf: z.string().meta({ description: "Who may send (RFC 7208); begins with v=spf1." }),
        dmarc: z
          .string()
          .optional()
          .meta({ description: "What receivers do with the rest (RFC 7489); begins with v=DMARC1." }),
        dkim: z
          .record(text(SELECTOR, "expected a selector of lower-case letters, digits and -"), z.string())
          .default({})
          .meta({ description: "Selector → RSA public key in base64, 2048 bits or more (RFC 8301)." }),
      }),
    ],
    { error: "expected none, or {mx: […], spf: …, dmarc: …, dkim: …}" },
  )
  .meta({ description: "How the zone's mail goes." });

export type MailRow = z.output<typeof mail>;

/** The mail of a zone with every name absolute. */
export function namedMail(row: MailRow, zone: string): MailRow {
  if (row === "none") return row;
  return { ...row, mx: row.mx.map((mx) => ({ ...mx, target: absolute(mx.target, zone) })) };
}
