// What clients may ask, checked before it is believed.
import { z } from "zod";
import { BITRATES, STREAM_ID } from "../shared/protocol.ts";

const stream = z
  .string()
  .regex(STREAM_ID, "must be 1 to 64 letters, digits, - or _, and begin with a letter or digit");
const bitrate = z.union(BITRATES.map((value) => z.literal(value)) as [z.ZodLiteral<64>, z.ZodLiteral<96>]);

export const startRequest = z.strictObject({
  stream,
  title: z.string().max(200).optional(),
  bitrate: bitrate.default(128 as 64),
  channels: z.union([z.literal(1), z.literal(2)]).default(2),
  token: z.string().max(4096).optional(),
});
export const streamRequest = z.strictObject({ stream });
export const bitrateRequest = z.strictObject({ bitrate });

/** The first thing that is wrong, in words. */
export function reason(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue?.path.join(".") || "request"}: ${issue?.message ?? "is not understood"}`;
}
