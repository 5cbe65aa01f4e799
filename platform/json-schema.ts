import { z } from "zod";
import { platformSchema } from "./schema.ts";

/**
 * The file's schema as JSON Schema, of what people write rather than what is made of it.
 * Draft 7 without references: what editors' YAML servers read best.
 */
export function jsonSchema(): string {
  const schema = z.toJSONSchema(platformSchema, {
    target: "draft-7",
    io: "input",
    unrepresentable: "any",
    reused: "inline",
  });
  return `${JSON.stringify({ title: "Soundstage platform", ...schema }, null, 2)}\n`;
}
