import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { beginOutput, requireWhole } from "../../bundle/whole.ts";
import { select } from "../../converge/output/selection.ts";
import { stacksOf } from "../../converge/output/stacks.ts";
import { runApp } from "../app.ts";

test("an output that was not written to its end is refused until it is synthesized again", {
  timeout: 120_000,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), "whole-"));
  const [output, platform] = [join(folder, "out"), join(folder, "platform.yaml")];
  writeFileSync(platform, "platform: least\n");
  // What can not be written in the middle of it, as on a full disk.
  const obstacle = join(output, "origin.json", "in-the-way");
  mkdirSync(obstacle, { recursive: true });
  const { status, stderr } = runApp(output, platform);
  expect([status, stderr]).toEqual([1, expect.stringMatching(/^soundstage: .*origin\.json/)]);
  const refused = `${output} is not whole: its synthesis goes on, or ended before its end, and files of two may be mixed in it; synthesize again: cdktf synth`;
  expect(() => select({ output, stack: "local" })).toThrow(refused);
  expect(() => stacksOf(output)).toThrow(refused);

  rmSync(join(output, "origin.json"), { recursive: true });
  expect(runApp(output, platform)).toMatchObject({ status: 0, stderr: "" });
  expect(stacksOf(output)).toEqual(["local"]);
  expect(existsSync(join(output, "unfinished"))).toBe(false);
});

test("an output that nothing can be written into stays as it was", () => {
  const output = mkdtempSync(join(tmpdir(), "whole-"));
  symlinkSync(join(output, "nowhere", "file"), join(output, "unfinished"));
  expect(() => beginOutput(output)).toThrow(`${output} can not be written, and is as it was: ENOENT`);
  requireWhole(output);
});
