// What is printed: ratios beside their targets, of medians and of the fastest rounds.
import type { Times } from "./rounds.ts";

export interface Row {
  readonly what: string;
  readonly against: string;
  readonly times: Times;
  /** Milliseconds where it is a figure of its own. */
  readonly base: Times | number;
  /** How many times the base it may take at most. */
  readonly atMost?: number;
  /** How many times the base a peer takes at least. */
  readonly atLeast?: number;
}

/** In Markdown, as `docs/benchmarks.md` holds it. */
export function table(rows: readonly Row[]): string {
  const lines = rows.map(({ what, against, times, base, atMost, atLeast }) => {
    const [median, min] = typeof base === "number" ? [base, base] : [base.median, base.min];
    const ratio = times.median / median;
    const target = atMost ? `≤ ${number(atMost)}` : atLeast ? `≥ ${number(atLeast)}` : "";
    const met = ratio <= (atMost ?? ratio) && ratio >= (atLeast ?? ratio);
    const cells = [
      what,
      against,
      number(ratio),
      number(times.min / min),
      target,
      target && (met ? "met" : "missed"),
    ];
    return `| ${cells.join(" | ")} |\n`;
  });
  return `| measured | against | median | fastest | target | |\n| --- | --- | --- | --- | --- | --- |\n${lines.join("")}`;
}

function number(ratio: number): string {
  return ratio >= 20 ? ratio.toFixed(0) : String(Number(ratio.toFixed(2)));
}
