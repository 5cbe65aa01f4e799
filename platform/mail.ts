// How a zone's mail goes, or that it has none.
import { z } from "zod";
import type { Path } from "./document.ts";
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

/** A record that says how a zone's mail goes; `at` is the place under `mail` that says it. */
export type MailRecord = { readonly owner: string; readonly at: Path } & (
  | { readonly type: "MX"; readonly priority: number; readonly target: string }
  | { readonly type: "TXT"; readonly text: string }
);

/** All that is written into a zone for its mail. */
export function mailRecords(mail: MailRow, zone: string): MailRecord[] {
  const text = (owner: string, value: string, ...at: string[]): MailRecord => ({
    owner,
    type: "TXT",
    text: value,
    at,
  });
  // Null MX (RFC 7505), an SPF that nobody passes (RFC 7208 §10.1.2) and DMARC that rejects (RFC 7489 §6.3).
  if (mail === "none")
    return [
      { owner: zone, type: "MX", priority: 0, target: ".", at: [] },
      text(zone, "v=spf1 -all"),
      text(`*.${zone}`, "v=spf1 -all"),
      text(`_dmarc.${zone}`, "v=DMARC1; p=reject; sp=reject; adkim=s; aspf=s"),
    ];
  return [
    ...mail.mx.map(
      (row, index): MailRecord => ({ owner: zone, type: "MX", ...row, at: ["mx", index, "target"] }),
    ),
    text(zone, mail.spf, "spf"),
    ...(mail.dmarc === undefined ? [] : [text(`_dmarc.${zone}`, mail.dmarc, "dmarc")]),
    ...Object.entries(mail.dkim).map(([selector, key]) =>
      text(`${selector}._domainkey.${zone}`, `v=DKIM1; k=rsa; p=${key}`, "dkim", selector),
    ),
  ];
}
