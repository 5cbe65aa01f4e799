// What a schema expects, in words.
import type { z } from "zod";

type Raw = Parameters<z.core.$ZodErrorMap>[0];

const NOUNS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
};
const UNITS: Readonly<Record<string, string>> = { string: "character", array: "item" };

/** Message of an issue whose schema has none of its own. */
export function expectation(issue: Raw): string {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${NOUNS[isWhole(issue) ? "int" : issue.expected] ?? issue.expected}`;
    case "too_big":
      return `expected at most ${amount(issue.maximum, issue.origin)}`;
    case "too_small":
      return `expected at least ${amount(issue.minimum, issue.origin)}`;
    case "invalid_value":
      return `expected ${issue.values
        .map(String)
        .join(", ")
        .replace(/, ([^,]*)$/, " or $1")}`;
    default:
      return "expected another value";
  }
}

function amount(count: number | bigint, origin: string): string {
  const unit = UNITS[origin];
  return unit ? `${count} ${unit}${Number(count) === 1 ? "" : "s"}` : String(count);
}

function isWhole({ inst }: Raw): boolean {
  return (inst?._zod.def as { format?: string } | undefined)?.format === "safeint";
}
