// What is wrong with the file: where, what was expected, what was found; all of it at once.
import type { Shown } from "./shown.ts";
import { visible } from "./visible.ts";

export interface Fault {
  /** What was expected and what was found, and what to do where that is not the same. */
  readonly message: string;
  /** Line of the file, from 1; absent where the place is an override. */
  readonly line?: number;
  /** Column of the line, from 1. */
  readonly column?: number;
  /** Where it is, when it is no place in the file. */
  readonly source?: string;
  /** Rule that found it; absent where the value itself has the wrong form. */
  readonly rule?: string;
  /** The key that is missing, as a path. */
  readonly missing?: string;
}

/** More than anybody reads. */
const MOST_TOLD = 100;

/** Every fault of a platform file, as a person reads them. */
export class PlatformFaults extends Error {
  /** In the order of the file. */
  readonly faults: readonly Fault[];

  constructor(file: string, shown: Shown, faults: readonly Fault[], set: readonly string[]) {
    const sorted = faults
      .map((fault) => ({
        ...fault,
        message: visible(fault.message),
        ...(fault.source !== undefined && { source: visible(fault.source) }),
      }))
      .sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
    const overridden = set.length > 0 ? `, with ${set.join(", ")} set for this run` : "";
    const inSet = sorted.filter(({ source }) => source !== undefined).length;
    const counts = [
      [sorted.length - inSet, file],
      [inSet, "SOUNDSTAGE_SET"],
    ] as const;
    const told = counts
      .filter(([number]) => number > 0)
      .map(([number, where]) => `${number} ${number === 1 ? "fault" : "faults"} in ${where}`);
    const count = `${told.join(", ")}${overridden}`;
    const others = sorted.length - MOST_TOLD;
    super(
      [
        ...sorted.slice(0, MOST_TOLD).map((fault) => render(file, shown, fault)),
        ...(others > 0 ? [`… and ${others} more: mend these first`] : []),
        count,
      ].join("\n\n"),
    );
    this.name = "PlatformFaults";
    this.faults = sorted;
  }
}

function render(file: string, shown: Shown, { line, column, source, message, rule }: Fault): string {
  const what = rule ? `${message} [${rule}]` : message;
  if (line === undefined || column === undefined) return `${source ?? file}: ${what}`;
  return `${file}:${line}:${column}: ${what}\n${shown.excerpt(line, column)}`;
}
