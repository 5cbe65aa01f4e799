// Text in, platform out, or all that is wrong with it.
import { type Path, PlatformDocument } from "./document.ts";
import { type Fault, PlatformFaults } from "./fault.ts";
import { issueFaults, type Places } from "./issues.ts";
import { applyOverrides, type Override, overrideAt, sourceOf } from "./overrides.ts";
import { partsOf } from "./parts.ts";
import { rules } from "./rules/all.ts";
import type { Rule } from "./rules/rule.ts";
import { type Platform, platformSchema } from "./schema.ts";
import { expectation } from "./words.ts";

export { PlatformFaults } from "./fault.ts";

export interface LoadOptions {
  /** How the file is called in faults. */
  readonly file: string;
  /** `SOUNDSTAGE_SET`: parameters of regions for this run, such as `regions.eu.release=1.5.0`. */
  readonly set?: string;
  /** Rules of what is built from the file, besides the file's own. */
  readonly rules?: readonly Rule[];
}

export interface Loaded {
  readonly platform: Platform;
  /** What `set` said, for every command to print. */
  readonly overrides: readonly Override[];
}

/** Reads a platform file. Throws `PlatformFaults` with every fault at once. */
export function loadPlatform(text: string, options: LoadOptions): Loaded {
  const document = new PlatformDocument(text);
  let faults: readonly Fault[] = document.faults;
  let set: readonly string[] = [];
  if (document.value) {
    const { value, overrides, faults: wrong } = applyOverrides(document.value, options.set ?? "");
    const places = placesOf(document, overrides);
    set = overrides.map(({ path }) => path);
    const parsed = platformSchema.safeParse(value, { error: expectation });
    const parts = partsOf(value);
    faults = [
      ...faults,
      ...issueFaults(platformSchema, value, parsed.error?.issues ?? [], places),
      ...wrong,
      ...[...rules, ...(options.rules ?? [])].flatMap(({ id, find }) =>
        find(parts).map(({ path, key, message }) => ({ message, rule: id, ...places.at(path, key) })),
      ),
    ];
    if (faults.length === 0 && parsed.success) return { platform: parsed.data, overrides };
  }
  throw new PlatformFaults(options.file, document.shown, distinct(faults).map(ruled), set);
}

/** What is wrong with a value that was set for this run is found by the rule of such values, where no other found it. */
function ruled(fault: Fault): Fault {
  return fault.source === undefined ? fault : { rule: "override", ...fault };
}

/** What was set for this run stands in no line of the file. */
function placesOf(document: PlatformDocument, overrides: readonly Override[]): Places {
  return {
    at: (path: Path, key = false) => {
      const override = overrideAt(overrides, path);
      return override ? { source: sourceOf(override.path) } : document.at(path, key);
    },
    hide: (path) => document.hide(path),
    hides: (path, key) => document.hides(path, key),
  };
}

/** One cause is one fault: where a rule speaks of a place, the form of the value is its consequence or its cause. */
function distinct(faults: readonly Fault[]): Fault[] {
  const place = ({ source, line, column }: Fault) => `${source ?? ""} ${line} ${column}`;
  const ruled = new Set(faults.filter(({ rule }) => rule !== undefined).map(place));
  const seen = new Set<string>();
  return faults.filter((fault) => {
    // Each key that is missing is a cause of its own.
    const own = fault.rule ?? fault.missing;
    const key = `${place(fault)} ${own ?? ""}`;
    const first = !seen.has(key) && (own !== undefined || !ruled.has(place(fault)));
    seen.add(key);
    return first;
  });
}
