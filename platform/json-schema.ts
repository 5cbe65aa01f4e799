import { z } from "zod";
import { platformSchema } from "./schema.ts";

/** The file's schema as JSON Schema (draft 2020-12), for what people write rather than what is made of it. */
export function jsonSchema(): string {
  const schema = z.toJSONSchema(platformSchema, { io: "input", unrepresentable: "any", reused: "ref" });
  return `${JSON.stringify({ title: "Soundstage platform", ...schema }, null, 2)}\n`;
}
