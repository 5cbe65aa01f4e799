// What a fleet needs of its parts: shares, budgets, records and last words.
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Budget } from "../../converge/order/budget.ts";
import { Share } from "../../converge/order/share.ts";
import { LastRun } from "../../converge/output/last-run.ts";
import { type Outcome, summaryText } from "../../converge/report/summary.ts";

test.for(["", "x", "1.5", "-1", "101%", "%", "10 %"])("a share %j is refused", (text) => {
  expect(() => Share.parse(text, "--max-fail")).toThrow(
    `--max-fail "${text}" is neither a number of hosts nor a share such as 25%`,
  );
});

test.for(["0", "00", "0%"])("a wave of %j is refused: it would hold no host", (size) => {
  expect(() => Share.waves([size])).toThrow(`wave "${size}" holds no host`);
});

test("a budget holds while no more hosts failed than it allows", () => {
  const none = new Budget(undefined, 100);
  expect(none.exceeded).toBeUndefined();
  none.spend();
  expect(none.exceeded).toBe("another host failed before it");
  const tenth = new Budget(Share.parse("10%", "--max-fail"), 25);
  for (const expected of [undefined, undefined, "3 hosts failed before it, and no more than 2 may"]) {
    tenth.spend();
    expect(tenth.exceeded).toBe(expected);
  }
  // A tenth of nine hosts is none.
  const small = new Budget(Share.parse("10%", "--max-fail"), 9);
  small.spend();
  expect(small.exceeded).toBeDefined();
});

test("a run that is killed is recorded as one that did nothing; a part of a fleet leaves the rest as it was", () => {
  const record = new LastRun(mkdtempSync(join(tmpdir(), "last-run-")), "region-eu");
  expect(record.unfinished()).toBeUndefined();
  record.begin(["a", "b", "c"]);
  expect(record.unfinished()).toEqual(["a", "b", "c"]);
  record.end((host) => host !== "b");
  expect(record.unfinished()).toEqual(["b"]);
  record.begin(["c"]);
  record.end((host) => host === "c");
  expect(record.unfinished()).toEqual(["b"]);
});

test.for(["", '["a"', "7", '{"a":1}'])(
  "a record %j, as an interrupted write or a hand leaves it, is none",
  (text) => {
    const output = mkdtempSync(join(tmpdir(), "last-run-"));
    mkdirSync(join(output, "logs"));
    writeFileSync(join(output, "logs", "region-eu.unfinished.json"), text);
    const record = new LastRun(output, "region-eu");
    expect(record.unfinished()).toBeUndefined();
    record.begin(["a"]);
    expect(record.unfinished()).toEqual(["a"]);
  },
);

test("the last words count the hosts, and name them where the run was told to end", () => {
  const outcomes = new Map<string, Outcome>([
    ["a", "same"],
    ["b", "changed"],
    ["c", "changing"],
    ...Array.from({ length: 22 }, (_, index): [string, Outcome] => [`n${index}`, "not begun"]),
  ]);
  expect(summaryText({ outcomes: new Map([...outcomes].slice(0, 2)), seconds: 12.4 })).toBe(
    "1 same, 1 changed, 0 failed, in 12 s",
  );
  const [why, line] = summaryText({ outcomes, seconds: 1, stopped: "SIGINT arrived" }).split("\n");
  expect(line).toBe("1 same, 1 changed, 0 failed, 1 changing, 22 not begun, in 1 s");
  expect(why).toMatch(
    /^SIGINT arrived; done: a, b; under way, and finished or put back by the host itself: c; not begun: n0, .*n19 and 2 more$/,
  );
});
