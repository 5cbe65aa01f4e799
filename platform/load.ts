// Text in, platform out, or all that is wrong with it.
import { PlatformDocument } from "./document.ts";
import { type Fault, PlatformFaults } from "./fault.ts";
import { issueFaults } from "./issues.ts";
import { applyOverrides, type Override } from "./overrides.ts";
import { partsOf } from "./parts.ts";
import { edgeRules } from "./rules/edge.ts";
import { hostRules } from "./rules/hosts.ts";
import { zoneRules } from "./rules/zones.ts";
import { type Platform, platformSchema } from "./schema.ts";

export { PlatformFaults } from "./fault.ts";

export interface LoadOptions {
  /** How the file is called in faults. */
  readonly file: string;
  /** `SOUNDSTAGE_SET`. */
  readonly set?: string;
}

/** Throws `PlatformFaults` with every fault at once. */
export function loadPlatform(
  text: string,
  options: LoadOptions,
): { platform: Platform; overrides: Override[] } {
  const document = new PlatformDocument(text);
  const faults: Fault[] = document.faults;
  let overrides: Override[] = [];
  if (document.readable) {
    if (options.set) overrides = applyOverrides(document, document.value(), options.set, faults);
    const value = document.value();
    const parsed = platformSchema.safeParse(value);
    if (!parsed.success) faults.push(...issueFaults(document, value, parsed.error.issues, platformSchema));
    const parts = partsOf(value);
    for (const rule of [...hostRules, ...zoneRules, ...edgeRules]) {
      for (const { path, key, message } of rule.find(parts))
        faults.push({ message, rule: rule.id, ...document.at(path, key) });
    }
    if (faults.length === 0 && parsed.success) return { platform: parsed.data, overrides };
  }
  throw new PlatformFaults(options.file, text, unique(faults));
}

/** One cause is one fault: of two at a place the one with a rule speaks. */
function unique(faults: readonly Fault[]): Fault[] {
  const places = new Map<string, Fault>();
  for (const fault of faults) {
    const key = `${fault.source ?? ""} ${fault.line} ${fault.column} ${fault.rule === "key-unknown" ? fault.message : ""}`;
    const known = places.get(key);
    if (!known || (!known.rule && fault.rule)) places.set(key, fault);
  }
  return [...places.values()];
}
