import type { Path } from "../document.ts";
import type { Parts } from "../parts.ts";

export interface Finding {
  readonly path: Path;
  readonly message: string;
  /** The key is meant, not its value. */
  readonly key?: boolean;
}

/** One thing that must hold between parts of the file. */
export interface Rule {
  readonly id: string;
  find(parts: Parts): readonly Finding[];
}

/** Later ones of those that share a key, each with the first. */
export function repeated<T>(items: readonly T[], key: (item: T) => string): [item: T, first: T][] {
  const seen = new Map<string, T>();
  return items.flatMap((item): [T, T][] => {
    const known = key(item);
    const first = seen.get(known);
    if (first !== undefined) return [[item, first]];
    seen.set(known, item);
    return [];
  });
}

/** Of many names only the first are told. */
const MOST_LISTED = 20;

/** What there is instead of what was named. */
export function listed(names: readonly string[]): string {
  const others = names.length - MOST_LISTED;
  const more = others > 0 ? ` and ${others} more` : "";
  return names.length === 0 ? "there is none" : `there are ${names.slice(0, MOST_LISTED).join(", ")}${more}`;
}
