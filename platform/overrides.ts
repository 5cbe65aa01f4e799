// Region parameters that are set for one run, without editing the file.
import { parseDocument } from "yaml";
import type { Path, PlatformDocument } from "./document.ts";
import type { Fault } from "./fault.ts";
import { nearest } from "./suggest.ts";

export interface Override {
  /** Such as `regions.eu.release`. */
  readonly path: string;
  readonly value: unknown;
}

const PARAMETERS = ["capacity.listeners", "live", "release", "serves"];

/** `regions.eu.release=1.5.0,regions.us.live=false`; a comma inside a value is written `\,`. */
export function applyOverrides(
  document: PlatformDocument,
  value: unknown,
  set: string,
  faults: Fault[],
): Override[] {
  const regions = Object.keys((value as { regions?: object } | undefined)?.regions ?? {});
  return set.split(/(?<!\\),/).flatMap((part): Override[] => {
    const [key = "", ...rest] = part.replaceAll("\\,", ",").split("=");
    const path = key.trim();
    const source = `SOUNDSTAGE_SET: ${path || part}`;
    const [root, region, ...parameter] = path.split(".");
    const name = parameter.join(".");
    if (rest.length === 0) faults.push({ source, message: "expected regions.<name>.<parameter>=<value>" });
    else if (root !== "regions" || region === undefined)
      faults.push({
        source,
        message: "only parameters of regions may be set for one run: regions.<name>.<parameter>=<value>",
      });
    else if (!regions.includes(region))
      faults.push({ source, message: unknownWord("region", region, regions) });
    else if (!PARAMETERS.includes(name))
      faults.push({ source, message: unknownWord("parameter", name, PARAMETERS) });
    else {
      const parsed: unknown = parseDocument(rest.join("=")).toJS();
      document.set(["regions", region, ...parameter] as Path, parsed);
      return [{ path, value: parsed }];
    }
    return [];
  });
}

function unknownWord(kind: string, word: string, words: readonly string[]): string {
  const meant = nearest(word, words);
  return `there is no ${kind} "${word}"; ${meant ? `did you mean "${meant}"?` : `there are ${words.join(", ")}`}`;
}
