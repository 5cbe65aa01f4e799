import { z } from "zod";
import { platformSchema } from "./schema.ts";

/** Of what people write rather than what is made of it; without references, which editors' YAML servers read worse. */
export function inputSchema(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(platformSchema, {
    target: "draft-7",
    io: "input",
    unrepresentable: "any",
    reused: "inline",
  });
}

/** The file's schema as JSON Schema, draft 7. */
export function jsonSchema(): string {
  return `${JSON.stringify({ title: "Soundstage platform", ...inputSchema() }, null, 2)}\n`;
}
