// Values of a file that may be anything, read as what they should be.
import type { Path, Rows } from "./document.ts";

/** A mapping; empty where it is none. */
export const rows = (value: unknown): Rows =>
  value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Rows) : {};

/** The texts of a list, with their places in it. */
export const texts = (value: unknown): [text: string, index: number][] =>
  (Array.isArray(value) ? value : []).flatMap((item, index) =>
    typeof item === "string" ? [[item, index]] : [],
  );

/** What stands at a path; undefined where nothing does. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      inner !== null && typeof inner === "object" && Object.hasOwn(inner, key)
        ? (inner as Record<string | number, unknown>)[key]
        : undefined,
    value,
  );
}
