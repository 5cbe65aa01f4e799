import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TerraformStack, Testing } from "cdktf";
import { expect, test } from "vitest";
import { loadPlatform } from "../../platform/load.ts";
import { TrafficStack } from "../../stacks/traffic.ts";
import { ZonesStack } from "../../stacks/zones.ts";

const META = ["//", "depends_on", "lifecycle", "provider"];

/** Attributes that a provider's binding knows: the keys that it writes, in snake case. */
function known(type: string, data: boolean): Set<string> {
  const provider = type.startsWith("aws_") ? "aws" : "cloudflare";
  const name = type.replace(/^(aws|cloudflare)_/, "").replaceAll("_", "-");
  const file = join(
    "node_modules",
    "@cdktf",
    `provider-${provider}`,
    "lib",
    `${data ? "data-aws-" : ""}${name}`,
    "index.js",
  );
  const text = readFileSync(file, "utf8");
  return new Set(
    [...text.matchAll(/^\s+(\w+): (?:cdktf\.|\w+ToTerraform|this\._|struct)/gm)].map(
      (match) => match[1] as string,
    ),
  );
}

const { platform } = loadPlatform(readFileSync("platform.yaml", "utf8"), { file: "platform.yaml" });

test.for([
  ["zones", ZonesStack],
  ["traffic", TrafficStack],
] as const)("every attribute of %s is one that its provider's binding knows", ([id, Stack]) => {
  const app = Testing.app();
  const stack: TerraformStack = new Stack(app, id, { platform, source: "../platform.yaml" });
  const json = JSON.parse(Testing.synth(stack, true)) as Record<
    string,
    Record<string, Record<string, Record<string, unknown>>>
  >;
  let checked = 0;
  for (const kind of ["resource", "data"]) {
    for (const [type, all] of Object.entries(json[kind] ?? {})) {
      const attributes = known(type, kind === "data");
      for (const [name, body] of Object.entries(all)) {
        for (const key of Object.keys(body).filter((key) => !META.includes(key))) {
          expect([`${type}.${name}`, key, attributes.has(key)]).toEqual([`${type}.${name}`, key, true]);
          checked += 1;
        }
      }
    }
  }
  expect(checked).toBeGreaterThan(50);
});

test("every Cloudflare record is absolute, has a TTL and no empty object, and its TXT is quoted", () => {
  const app = Testing.app();
  const json = JSON.parse(
    Testing.synth(new ZonesStack(app, "zones", { platform, source: "../platform.yaml" }), true),
  ) as { resource: Record<string, Record<string, Record<string, unknown>>> };
  const records = Object.values(json.resource.cloudflare_dns_record ?? {});
  expect(records.length).toBeGreaterThan(30);
  for (const { name, type, ttl, content, data, proxied } of records) {
    expect(name).toMatch(/\.(ru|store)$/);
    expect(ttl).toBe(proxied === true ? 1 : 300);
    if (type === "TXT") expect(content).toMatch(/^"(?:[^"\\]|\\.)*"(?: "(?:[^"\\]|\\.)*")*$/);
    if (data !== undefined) expect(Object.keys(data as object).length).toBeGreaterThan(0);
  }
});

test("the bindings are there to compare with", () => {
  expect(existsSync("node_modules/@cdktf/provider-aws/lib/route53-record")).toBe(true);
  expect(readdirSync("node_modules/@cdktf/provider-cloudflare/lib")).toContain("dns-record");
});
