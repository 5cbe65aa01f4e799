// Region parameters that are set for one run, without editing the file.
import { parseDocument } from "yaml";
import type { Path, Rows } from "./document.ts";
import type { Fault } from "./fault.ts";
import { excess } from "./nesting.ts";
import { rows } from "./rows.ts";
import { nearest } from "./suggest.ts";

export interface Override {
  /** Such as `regions.eu.release`. */
  readonly path: string;
  /** As it was read: `1.5.0` is a text, `false` is not. */
  readonly value: unknown;
}

export interface Overridden {
  /** The file's values with what was set. */
  readonly value: Rows;
  readonly overrides: readonly Override[];
  readonly faults: readonly Fault[];
}

const PARAMETERS: readonly string[] = ["capacity", "capacity.listeners", "live", "release", "serves"];
const FORM = "regions.<name>.<parameter>=<value>";

/**
 * `regions.eu.release=1.5.0,regions.us.live=false`.
 * A value is written as in the file; a comma inside it is written `\,`: `regions.eu.serves=[EU\,AF]`.
 */
export function applyOverrides(value: Rows, set: string): Overridden {
  const faults: Fault[] = [];
  const overrides: Override[] = [];
  let result = value;
  for (const part of set.split(/(?<!\\),/).filter((text) => text.trim() !== "")) {
    const equals = part.indexOf("=");
    const path = (equals < 0 ? part : part.slice(0, equals)).trim();
    const fault = overrideFault(value, path, equals >= 0, overrides) ?? valueFault(part.slice(equals + 1));
    if (fault) faults.push({ source: sourceOf(path), message: fault, rule: "override" });
    else {
      const read = parsed(part.slice(equals + 1)).toJS() as unknown;
      overrides.push({ path, value: read });
      result = withValue(result, path.split("."), read);
    }
  }
  return { value: result, overrides, faults };
}

/** How a fault names an override. */
export function sourceOf(path: string): string {
  return `SOUNDSTAGE_SET: ${path}`;
}

/** The override that said what is at a path. */
export function overrideAt(overrides: readonly Override[], path: Path): Override | undefined {
  const text = path.join(".");
  return overrides.find((override) => text === override.path || text.startsWith(`${override.path}.`));
}

function overrideFault(
  value: Rows,
  path: string,
  complete: boolean,
  known: readonly Override[],
): string | undefined {
  const [root, region, ...parameter] = path.split(".");
  const regions = rows(value.regions);
  const name = parameter.join(".");
  if (root !== "regions" || region === undefined || region === "")
    return `expected ${FORM}: only parameters of regions are set for one run`;
  if (!Object.hasOwn(regions, region)) return unknownWord("region", region, Object.keys(regions));
  if (!PARAMETERS.includes(name)) return unknownWord("parameter", name, PARAMETERS);
  if (!complete) return `expected ${FORM}, found no =`;
  return known.some((other) => other.path === path) ? "this is set twice: set it once" : undefined;
}

function valueFault(text: string): string | undefined {
  const readable = text.trim() !== "" && !/[&*!]/.test(text.replace('"*"', "")) && excess(text) === undefined;
  const document = readable ? parsed(text) : undefined;
  return !document || document.errors.length + document.warnings.length > 0
    ? "expected a value as in the file, such as 1.5.0, false or [EU\\,AF]"
    : undefined;
}

function parsed(text: string) {
  return parseDocument(text.replaceAll("\\,", ","), {
    schema: "core",
    stringKeys: true,
    prettyErrors: false,
  });
}

function unknownWord(kind: string, word: string, words: readonly string[]): string {
  const meant = nearest(word, words);
  const hint = meant ? `did you mean "${meant}"?` : `there are ${words.join(", ") || "none"}`;
  return `there is no ${kind} "${word}"; ${hint}`;
}

function withValue(value: Rows, [key = "", ...rest]: readonly string[], read: unknown): Rows {
  const inner = value[key];
  if (rest.length === 0) return { ...value, [key]: read };
  // What is no mapping stays what it is: its own fault says so.
  if (inner !== undefined && (inner === null || typeof inner !== "object")) return value;
  return { ...value, [key]: withValue(rows(inner), rest, read) };
}
