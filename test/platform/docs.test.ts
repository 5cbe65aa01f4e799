import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadPlatform } from "../../platform/load.ts";
import { reference } from "../../platform/reference.ts";
import { runApp } from "../app.ts";

test("the page of every key is what `npm run schema` writes", () => {
  expect(readFileSync("docs/platform-keys.md", "utf8")).toBe(reference());
  for (const key of ["zones.<name>.records[].issuer", "regions.<name>.hosts.<name>.ssh.jump.port"])
    expect(reference()).toContain(`| \`${key}\` |`);
});

const examples = readdirSync("docs")
  .filter((name) => name.endsWith(".md"))
  .flatMap((name) =>
    [...readFileSync(join("docs", name), "utf8").matchAll(/```yaml\n(platform: .*?)```/gs)].map(
      (match): [string, string] => [name, match[1] as string],
    ),
  );

test.for(examples)("the platform file in docs/%s has no faults", ([name, text]) => {
  expect(() => loadPlatform(text, { file: name })).not.toThrow();
});

test("docs/dns.md has one", () => expect(examples.map(([name]) => name)).toEqual(["dns.md"]));

test("docs/minimal.yaml has no faults and is synthesized whole", () => {
  const output = join(mkdtempSync(join(tmpdir(), "minimal-")), "cdktf.out");
  const { status, stderr } = runApp(output, "docs/minimal.yaml");
  expect([status, stderr]).toEqual([0, ""]);
  expect(existsSync(join(output, "stacks", "region-eu", "hosts", "eu-1", "manifest.json"))).toBe(true);
});
