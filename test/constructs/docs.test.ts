import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { TerraformStack, Testing } from "cdktf";
import { expect, test } from "vitest";
import { Zone } from "../../constructs/dns/zone.ts";
import { Edge } from "../../constructs/edge/edge.ts";
import { Host } from "../../constructs/host/host.ts";
import { KernelTuning } from "../../constructs/kernel/kernel-tuning.ts";
import { Certificate } from "../../constructs/tls/certificate.ts";
import { AUTHORITY, MACHINE } from "./hosts.ts";

const SCOPE = { Zone, Edge, KernelTuning, Certificate, authority: AUTHORITY };

const examples = readdirSync("docs")
  .filter((name) => name.endsWith(".md"))
  .flatMap((name) =>
    [...readFileSync(join("docs", name), "utf8").matchAll(/```ts\n(.*?)```/gs)].map(
      (match): [string, string] => [name, match[1] as string],
    ),
  );

test("there are examples to run", () => {
  expect(examples.map(([name]) => name)).toEqual(["dns.md", "edge.md", "kernel.md", "tls.md"]);
});

test.for(examples)("the example of docs/%s runs", async ([name, code]) => {
  const stack = new TerraformStack(Testing.app(), "docs");
  const host = new Host(stack, "one", MACHINE);
  const file = join(process.env.TMPDIR as string, `${name}.mjs`);
  writeFileSync(
    file,
    `export const run = ({ ${Object.keys(SCOPE).join(", ")}, stack, host }) => {\n${code}\n};\n`,
  );
  const { run } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
    run: (scope: object) => void;
  };
  expect(() => run({ ...SCOPE, stack, host })).not.toThrow();
});
