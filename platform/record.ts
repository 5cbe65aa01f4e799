// A record of a zone, by its type.
import { z } from "zod";
import { ipv4, ipv6 } from "./address.ts";
import { recordName, target } from "./names.ts";
import { text } from "./text.ts";

const number16 = z.int().min(0).max(65_535);
const priority = number16.meta({ description: "The lowest is asked first." });
const proxied = z.boolean().optional().meta({ description: "Cloudflare answers with its own addresses." });
const common = {
  name: recordName,
  ttl: z.int().min(1).max(604_800).optional().meta({ description: "Seconds; the zone's when absent." }),
};

function values<T extends z.ZodType>(type: T) {
  return {
    value: type.optional().meta({ description: "One address." }),
    values: z.array(type).min(1).optional().meta({ description: "Several addresses." }),
  };
}

export const record = z.discriminatedUnion(
  "type",
  [
    z.strictObject({ ...common, type: z.literal("A"), ...values(ipv4), proxied }),
    z.strictObject({ ...common, type: z.literal("AAAA"), ...values(ipv6), proxied }),
    z.strictObject({ ...common, type: z.literal("CNAME"), target, proxied }),
    z.strictObject({ ...common, type: z.literal("MX"), priority, target }),
    z.strictObject({
      ...common,
      type: z.literal("TXT"),
      text: z.string().min(1).meta({ description: "Whole; it is cut into strings of 255 bytes for you." }),
    }),
    z.strictObject({
      ...common,
      type: z.literal("SRV"),
      priority,
      weight: number16.meta({ description: "Share among those of one priority." }),
      port: number16.meta({ description: "Port of the service." }),
      target,
    }),
    z.strictObject({
      ...common,
      type: z.literal("CAA"),
      flags: z
        .union([z.literal(0), z.literal(128)])
        .default(0)
        .meta({ description: "128: critical." }),
      tag: z.enum(["issue", "issuewild", "iodef"]).meta({
        description: "What is said: who may issue, who may issue wildcards, where to report (RFC 8659).",
      }),
      issuer: text(/^[\x21-\x7e ]*$/, "expected the domain of a certificate authority, or ;").meta({
        description: "Authority that may issue, such as letsencrypt.org; of iodef a URL.",
      }),
    }),
    z.strictObject({ ...common, type: z.literal("NS"), target }),
  ],
  { error: "expected a record type: A, AAAA, CNAME, MX, TXT, SRV, CAA or NS" },
);

export type RecordRow = z.output<typeof record>;

/** Addresses of an A or AAAA row. */
export function addresses(row: Extract<RecordRow, { type: "A" | "AAAA" }>): readonly string[] {
  return [...(row.values ?? []), ...(row.value === undefined ? [] : [row.value])];
}
