import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { unifiedDiff } from "../../../converge/text/line-diff.ts";

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}\n`);

test("a changed line is shown with three neighbours on each side", () => {
  const before = numbered(12);
  const after = before.with(5, "another\n");
  expect(unifiedDiff(before.join(""), after.join(""))).toBe(
    "@@ -3,7 +3,7 @@\n line 3\n line 4\n line 5\n-line 6\n+another\n line 7\n line 8\n line 9\n",
  );
});

test.for([
  ["equal texts", "one\n", "one\n", ""],
  ["all of it new", "", "one\ntwo\n", "@@ -0,0 +1,2 @@\n+one\n+two\n"],
  ["all of it gone", "one\n", "", "@@ -1 +0,0 @@\n-one\n"],
  [
    "a last line without its end",
    "one\ntwo",
    "one\ntwo\n",
    "@@ -1,2 +1,2 @@\n one\n-two\n\\ No newline at end of file\n+two\n",
  ],
])("%s", ([, before, after, hunks]) => {
  expect(unifiedDiff(before as string, after as string)).toBe(hunks);
});

test("what is far apart stands in hunks of its own, what is near in one", () => {
  const before = numbered(30);
  const hunks = (...changed: number[]) =>
    unifiedDiff(
      before.join(""),
      before.map((line, index) => (changed.includes(index) ? "x\n" : line)).join(""),
    ).match(/^@@.*@@$/gm);
  expect(hunks(5, 12)).toEqual(["@@ -3,14 +3,14 @@"]);
  expect(hunks(5, 13)).toEqual(["@@ -3,7 +3,7 @@", "@@ -11,7 +11,7 @@"]);
});

test("`patch` makes the one text of the other, and no fewer lines would do than `diff` takes", () => {
  const folder = mkdtempSync(join(process.env.TMPDIR as string, "diff-"));
  const text = fc
    .array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 25 })
    .map((lines) => lines.join("\n"));
  const count = (hunks: string) => hunks.split("\n").filter((line) => /^[-+]/.test(line)).length;
  fc.assert(
    fc.property(text, text, (before, after) => {
      const [a, b] = [join(folder, "a"), join(folder, "b")];
      writeFileSync(a, before);
      writeFileSync(b, after);
      const ours = unifiedDiff(before, after);
      const theirs = spawnSync("diff", ["--minimal", "-u", a, b], { encoding: "utf8" }).stdout;
      expect(count(ours)).toBe(count(theirs.split("\n").slice(2).join("\n")));
      if (ours === "") return;
      const patched = spawnSync("patch", ["--quiet", a], {
        input: `--- a\n+++ a\n${ours}`,
        encoding: "utf8",
      });
      expect([patched.status, readFileSync(a, "utf8")]).toEqual([0, after]);
    }),
    { numRuns: 60 },
  );
});

test("texts that have nothing in common are shown whole, soon", () => {
  const [before, after] = ["a", "b"].map((word) => `${word}\n`.repeat(20_000));
  expect(unifiedDiff(before as string, after as string).split("\n")).toHaveLength(40_002);
});
