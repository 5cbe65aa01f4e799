import { z } from "zod";
import { text } from "./text.ts";

const UNITS: Readonly<Record<string, number>> = { MiB: 1, GiB: 1024, TiB: 1024 * 1024 };

/** Read as MiB. */
export const memory = text(/^[1-9]\d{0,6}(?:MiB|GiB|TiB)$/, "expected a size such as 512MiB or 32GiB")
  .transform((text) => Number.parseInt(text, 10) * (UNITS[text.replace(/\d+/, "")] as number))
  .meta({ description: "Size with its unit: MiB, GiB or TiB." });

/** A time of day, UTC. */
export const timeOfDay = text(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time of day such as "02:30"');

export const settings = z
  .record(
    z.string(),
    z.union([z.string(), z.number(), z.boolean()], { error: "expected a text, a number, true or false" }),
  )
  .default({})
  .meta({ description: "The tool's own settings, spelled as the tool spells them." });
