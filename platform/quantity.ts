import { z } from "zod";

const UNITS: Record<string, number> = { MiB: 1, GiB: 1024, TiB: 1024 * 1024 };

/** Read as MiB. */
export const memory = z
  .string()
  .regex(/^\d+(MiB|GiB|TiB)$/, "expected a size such as 512MiB or 32GiB")
  .transform((text) => Number.parseInt(text, 10) * (UNITS[text.replace(/\d+/, "")] as number))
  .meta({ description: "Size with its unit: MiB, GiB or TiB." });

export const settings = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .meta({ description: "The tool's own settings, spelled as the tool spells them." });
