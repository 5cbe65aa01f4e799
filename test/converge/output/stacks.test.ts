import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { expect, test } from "vitest";
import { outputOption, requireStack, stackOption } from "../../../bin/commands/options.ts";
import { readRegion } from "../../../bundle/reader.ts";
import { onlyStack } from "../../../converge/output/stacks.ts";

/** An output of stacks, of which these have hosts. */
function output(withHosts: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "stacks-"));
  const stacks = Object.fromEntries(["zones", ...withHosts].map((stack) => [stack, {}]));
  writeFileSync(join(folder, "manifest.json"), JSON.stringify({ stacks }));
  for (const stack of withHosts) {
    const region = { format: 1, stack, platform: "", example: false, hosts: [] };
    mkdirSync(join(folder, "stacks", stack), { recursive: true });
    writeFileSync(join(folder, "stacks", stack, "region.json"), JSON.stringify(region));
  }
  return folder;
}

test("where no stack is named the only region is meant", () => {
  expect(onlyStack(output(["region-eu", "local"]))).toBe("region-eu");
});

test.for([
  [["region-eu", "region-us", "local"], "region-eu, region-us, local"],
  [["local"], "local"],
  [[], "none"],
] as const)("of %s none is chosen, and all are named", ([stacks, named]) => {
  const folder = output(stacks);
  expect(() => onlyStack(folder)).toThrow(
    `which hosts are meant is not said: expected --stack <stack>, and of stacks with hosts ${folder} has ${named}; where`,
  );
});

test.for([
  [[], "region-eu"],
  [
    ["--stack", "local", "--stack", "zones"],
    ["local", "zones"],
  ],
] as const)("a command with %s is about %s", async ([words, stack]) => {
  let found: unknown;
  const command = new Command()
    .addOption(stackOption())
    .hook("preAction", requireStack)
    .addOption(outputOption(output(["region-eu"])))
    .action((options) => {
      found = options.stack;
    });
  await command.parseAsync(words, { from: "user" });
  expect(found).toEqual(stack);
});

test("who looks into another output is told how to name the one that is meant", () => {
  expect(() => readRegion(output([]), "region-eu")).toThrow(/another output is meant: --output <folder>$/);
  expect(() => onlyStack(join(tmpdir(), "nothing"))).toThrow(/another output is meant: --output <folder>$/);
});
