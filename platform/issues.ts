// What zod finds, as faults of the file.
import { safeParse, type z } from "zod";
import type { Path } from "./document.ts";
import type { Fault } from "./fault.ts";
import { keysAt, typesAt } from "./keys.ts";
import { valueAt } from "./rows.ts";
import { scrubbed, secretive } from "./secrecy.ts";
import { CLEAR } from "./secret.ts";
import { nearest } from "./suggest.ts";
import { visible } from "./visible.ts";
import { expectation } from "./words.ts";

type Issue = z.core.$ZodIssue;
/** What was probably meant. */
type Near = typeof nearest;

/** A file with more faults has other troubles than misspelled words, and to look for the word takes time. */
const MOST_HINTS = 1000;

/** Where values stand, and what of them may be shown. */
export interface Places {
  at(path: Path, key?: boolean): Pick<Fault, "line" | "column" | "source">;
  hide(path: Path): void;
  hides(path: Path, key?: boolean): boolean;
}

/** A fault that says which key was probably meant. */
interface Found extends Fault {
  readonly meant?: string;
}

export function issueFaults(
  schema: z.ZodType,
  value: unknown,
  issues: readonly Issue[],
  places: Places,
): Fault[] {
  let hints = 0;
  const near: Near = (word, words) => {
    hints += 1;
    return hints > MOST_HINTS ? undefined : nearest(word, words);
  };
  const faults = (issue: Issue, base: Path): Found[] => {
    const path = [...base, ...issue.path] as Path;
    if (issue.code === "unrecognized_keys") {
      const known = keysAt(schema, value, path);
      return issue.keys.map((key) => unknownKey(key, path, known, near, places));
    }
    if (issue.code === "invalid_key") {
      const message = `${issue.issues[0]?.message ?? "expected a name"}, found ${shownKey(path, places)}`;
      // Zod leaves what stands under such a key unread.
      const under = typesAt(schema, path).flatMap(
        (type) => safeParse(type, valueAt(value, path), { error: expectation }).error?.issues ?? [],
      );
      return [
        { message, rule: "key-name", ...places.at(path, true) },
        ...under.flatMap((inner) => faults(inner, path)),
      ];
    }
    if (issue.code === "invalid_union") {
      const best = bestBranch(issue, (error) => faults(error, path));
      if (best) return best;
    }
    return [plainFault(issue, path, valueAt(value, path), near, places)];
  };
  return withoutMisspelled(issues.flatMap((issue) => faults(issue, [])));
}

/** What the branch says that fits best; nothing where none fits, and the union says it itself. */
function bestBranch(
  { errors }: Extract<Issue, { code: "invalid_union" }>,
  read: (issue: Issue) => Found[],
): Found[] | undefined {
  const inner = errors.filter((branch) =>
    branch.every(({ path, code }) => path.length > 0 || code === "unrecognized_keys"),
  );
  // Where the keys fit one branch alone, that one is meant, however much is wrong below them.
  const fitting = inner.filter(
    (branch) => !branch.some(({ path, code }) => path.length === 0 && code === "unrecognized_keys"),
  );
  if (fitting.length === 1) return withoutMisspelled((fitting[0] as readonly Issue[]).flatMap(read));
  const [best] = inner
    .map((branch) => withoutMisspelled(branch.flatMap(read)))
    .sort((a, b) => a.length - b.length);
  const unclear = inner.length > 1 && best && best.length > 1 && best.some(({ missing }) => missing);
  return unclear ? undefined : best;
}

/** A key that is missing because it is misspelled is one fault. */
function withoutMisspelled(faults: readonly Found[]): Found[] {
  const meant = new Set(faults.map((fault) => fault.meant));
  return faults.filter(({ missing }) => missing === undefined || !meant.has(missing));
}

function unknownKey(key: string, path: Path, known: readonly string[], near: Near, places: Places): Found {
  const place = [...path, key];
  const meant = near(key, known);
  // What stands under a key that nobody knows may be anything, a secret too.
  // Of a record all is published.
  const published = path[0] === "zones" && path[2] === "records" && !secretive(key);
  if (meant ? secretive(meant) : !published) places.hide(place);
  const hint = meant ? `did you mean "${meant}"?` : `known here: ${known.join(", ")}`;
  return {
    message: `unknown key ${shownKey(place, places)}; ${hint}`,
    rule: "key-unknown",
    ...(meant && { meant: [...path, meant].join(".") }),
    ...places.at(place, true),
  };
}

function plainFault(issue: Issue, path: Path, found: unknown, near: Near, places: Places): Found {
  const clear = CLEAR.includes(issue.message);
  const rule = clear ? { rule: "secret-in-clear" } : {};
  if (clear) places.hide(path);
  if (found === undefined)
    return {
      message: `"${String(path.at(-1))}" is missing: ${issue.message}`,
      missing: path.join("."),
      ...places.at(path),
    };
  const shown = clear || places.hides(path) ? "what is not shown here" : described(found);
  const meant = issue.code === "invalid_value" ? near(String(found), issue.values.map(String)) : undefined;
  const hint = meant ? `; did you mean "${meant}"?` : "";
  return { message: `${issue.message}, found ${shown}${hint}`, ...rule, ...places.at(path) };
}

function shownKey(path: Path, places: Places): string {
  return places.hides(path, true) ? "that is not shown here" : described(String(path.at(-1)));
}

/** A value as a message names it: never long, never a secret, never a control character. */
function described(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (value === null) return "nothing";
  if (typeof value === "object") return "a mapping";
  if (typeof value !== "string") return String(value);
  // Aliases may repeat a long text: what is far from its beginning is not told anyway.
  const text = visible(JSON.stringify(scrubbed(value.slice(0, 4096))));
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
}
