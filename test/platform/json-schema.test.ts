import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { jsonSchema } from "../../platform/json-schema.ts";

type Schema = Readonly<Record<string, unknown>>;

const schema = JSON.parse(jsonSchema()) as Schema;

test("platform.schema.json is what the schema says: npm run schema writes it", () => {
  expect(readFileSync("platform.schema.json", "utf8")).toBe(jsonSchema());
});

test.for(["platform.yaml", "test/lab/platform.yaml"])("an editor that reads the schema takes %s", (file) => {
  const checker = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
  expect(checker.safeParse(parse(readFileSync(file, "utf8"))).error).toBeUndefined();
});

test.for([
  ["an unknown key", { platform: "x", zonse: {} }],
  ["a wrong type", { platform: 1 }],
  ["an unknown role", { platform: "x", regions: { eu: { hosts: { a: { roles: ["driver"] } } } } }],
] as const)("an editor that reads the schema marks %s", ([, value]) => {
  const checker = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
  expect(checker.safeParse(value).success).toBe(false);
});

test("every key of the file's own has a description", () => {
  const bare: string[] = [];
  const walk = (node: unknown, path: string): void => {
    if (node === null || typeof node !== "object") return;
    const { properties } = node as { properties?: Readonly<Record<string, Schema>> };
    for (const [key, value] of Object.entries(properties ?? {})) {
      const described = "description" in value || "const" in value;
      if (!described) bare.push(`${path}.${key}`);
    }
    for (const [key, value] of Object.entries(node)) walk(value, `${path}.${key}`);
  };
  walk(schema, "");
  expect(bare).toEqual([]);
});
