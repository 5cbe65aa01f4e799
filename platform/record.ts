import { z } from "zod";
import { ipv4, ipv6, recordName, target } from "./names.ts";

const port16 = z.int().min(0).max(65_535);
const common = {
  name: recordName,
  ttl: z.int().min(1).max(604_800).optional().meta({ description: "Seconds; the zone's when absent." }),
};

/** `value` is `values` of one. */
function values<T extends z.ZodType>(type: T) {
  return { value: type.optional(), values: z.array(type).min(1).optional() };
}

export const record = z.discriminatedUnion(
  "type",
  [
    z.strictObject({ ...common, type: z.literal("A"), ...values(ipv4), proxied: z.boolean().optional() }),
    z.strictObject({ ...common, type: z.literal("AAAA"), ...values(ipv6), proxied: z.boolean().optional() }),
    z.strictObject({ ...common, type: z.literal("CNAME"), target, proxied: z.boolean().optional() }),
    z.strictObject({ ...common, type: z.literal("MX"), priority: port16, target }),
    z.strictObject({ ...common, type: z.literal("TXT"), text: z.string().min(1) }),
    z.strictObject({
      ...common,
      type: z.literal("SRV"),
      priority: port16,
      weight: port16,
      port: port16,
      target,
    }),
    z.strictObject({
      ...common,
      type: z.literal("CAA"),
      flags: z.union([z.literal(0), z.literal(128)]).default(0),
      tag: z.enum(["issue", "issuewild", "iodef"]),
      issuer: z.string(),
    }),
    z.strictObject({ ...common, type: z.literal("NS"), target }),
  ],
  {
    error: (issue) =>
      issue.code === "invalid_union"
        ? "expected a record type: A, AAAA, CNAME, MX, TXT, SRV, CAA or NS"
        : undefined,
  },
);
export type RecordRow = z.output<typeof record>;

/** Addresses of an A or AAAA row. */
export function addresses(row: Extract<RecordRow, { type: "A" | "AAAA" }>): readonly string[] {
  return [...(row.values ?? []), ...(row.value === undefined ? [] : [row.value])];
}
