import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PlanFile } from "../../../converge/plan/plan-file.ts";

const file = join(mkdtempSync(join(tmpdir(), "plan-file-")), "plan.json");
const held = { manifest: "none", generation: 0 };

test.for([
  ["nothing", ""],
  ["a list of stacks", JSON.stringify({ format: 1, stacks: ["region-eu"] })],
  ["a stack that is a text", JSON.stringify({ format: 1, stacks: { "region-eu": "eu-1" } })],
  [
    "a host without what it had",
    JSON.stringify({ format: 1, stacks: { "region-eu": { "eu-1": { wanted: "x" } } } }),
  ],
  ["another format", JSON.stringify({ format: 2, stacks: {} })],
] as const)("a file that holds %s is no plan", ([, text]) => {
  writeFileSync(file, text);
  expect(() => PlanFile.read(file)).toThrow(
    `${file} is no plan: expected what \`soundstage plan --out ${file}\` writes`,
  );
});

test("a plan of other stacks says of which", () => {
  PlanFile.write(file, { "region-us": { "us-1": { wanted: "x", held } }, "region-asia": {} });
  const region = { format: 1, stack: "region-eu", platform: "../p.yaml", example: false, hosts: [] } as const;
  expect(() => PlanFile.read(file).narrowed("out", [region])).toThrow(
    `${file} is no plan of region-eu: it is one of region-us and region-asia`,
  );
});
