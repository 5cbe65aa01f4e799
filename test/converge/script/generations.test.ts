import { expect, test } from "vitest";
import { historyText } from "../../../converge/look/history.ts";
import type { Line } from "../../../converge/script/answer.ts";
import { generations, goal } from "../../../converge/script/generations.ts";

const row = (number: number, mark: "kept" | "holds", manifest: string): Line => {
  return ["generation", String(number), mark, manifest, "2026-03-01T10:00:00Z", "anna@laptop", "-"];
};
const LINES = [
  row(1, "kept", "aaaa"),
  row(2, "kept", "bbbb"),
  row(3, "kept", "cccc"),
  row(4, "holds", "aaaa"),
];

test("history says of each generation that it is kept, which holds, and which is the same bundle", () => {
  expect(historyText(LINES, "cccc", false)).toBe(
    [
      "gen                               bundle                 applied               by",
      "  1  kept, the bundle that holds  aaaa                   2026-03-01T10:00:00Z  anna@laptop",
      "  2  kept                         bbbb                   2026-03-01T10:00:00Z  anna@laptop",
      "  3  kept                         cccc    this output's  2026-03-01T10:00:00Z  anna@laptop",
      "  4  holds                        aaaa                   2026-03-01T10:00:00Z  anna@laptop",
      "",
    ].join("\n"),
  );
});

test("a generation that can not be gone back to is refused with those that history shows", () => {
  const kept = generations(LINES);
  expect(() => goal(kept, 77)).toThrow("generation 77 is not kept; kept: 1, 2, 3, 4, of which 4 holds");
  expect(() => goal(kept, 1)).toThrow(
    "generation 1 is the bundle that is in place (generation 4); of other bundles: 2, 3.",
  );
  expect(() => goal(kept.slice(3))).toThrow(
    "no generation of another bundle is kept from before 4, which holds; of other bundles: none",
  );
  expect(goal(kept).number).toBe(3);
});
