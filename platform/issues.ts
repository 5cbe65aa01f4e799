// What zod finds, as faults of the file.
import type { z } from "zod";
import type { Path, PlatformDocument } from "./document.ts";
import type { Fault } from "./fault.ts";
import { CLEAR } from "./secret.ts";
import { nearest } from "./suggest.ts";

type Issue = z.core.$ZodIssue;

export function issueFaults(
  document: PlatformDocument,
  value: unknown,
  issues: readonly Issue[],
  schema: z.ZodType,
): Fault[] {
  return issues.flatMap((issue) => faults(document, value, issue, [], schema));
}

function faults(
  document: PlatformDocument,
  root: unknown,
  issue: Issue,
  base: Path,
  schema: z.ZodType,
): Fault[] {
  const path = [...base, ...issue.path] as Path;
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const known = keysAt(schema, path, root);
      const meant = nearest(key, known);
      const hint = meant ? `did you mean "${meant}"?` : `known here: ${known.join(", ")}`;
      return {
        message: `unknown key "${key}"; ${hint}`,
        rule: "key-unknown",
        ...document.at([...path, key], true),
      };
    });
  }
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    // The branch that fits best says what is wrong; where none fits the union says it itself.
    const best = [...issue.errors]
      .filter((errors) =>
        errors.every((error) => error.path.length > 0 || error.code === "unrecognized_keys"),
      )
      .sort((a, b) => a.length - b.length)[0];
    if (best) return best.flatMap((error) => faults(document, root, error, path, schema));
  }
  if (issue.code === "invalid_key")
    return [
      {
        message: `"${String(path.at(-1))}" is no name: ${issue.issues[0]?.message ?? ""}`,
        ...document.at(path, true),
      },
    ];
  const found = at(root, path);
  const missing = found === undefined;
  const secret = issue.message === CLEAR;
  const tail = missing ? "found nothing" : secret ? "found a value in the clear" : `found ${describe(found)}`;
  const words = issue.message.replace(/^Invalid input: /, "").replace(/, received .*$/, "");
  const name = missing ? `"${String(path.at(-1))}" is missing: ` : "";
  return [
    {
      message: `${name}${words}, ${tail}`,
      ...(secret && !missing && { rule: "secret-in-clear" }),
      ...document.at(path),
    },
  ];
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key],
    value,
  );
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value === null) return "nothing";
  if (typeof value === "object") return "a mapping";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** Keys that the schema knows at a place; for a union those of every branch. */
function keysAt(schema: z.ZodType, path: Path, root: unknown): string[] {
  let level: z.core.$ZodType[] = branches(schema);
  for (const key of path) {
    level = level.flatMap((type) => {
      const { def } = type._zod as unknown as {
        def: {
          type: string;
          shape?: Record<string, z.core.$ZodType>;
          element?: z.core.$ZodType;
          valueType?: z.core.$ZodType;
        };
      };
      const inner =
        def.type === "object" ? def.shape?.[String(key)] : def.type === "array" ? def.element : def.valueType;
      return inner ? branches(inner) : [];
    });
  }
  const type = (at(root, path) as { type?: unknown } | undefined)?.type;
  const shapes = level.map(
    (branch) =>
      (branch._zod as unknown as { def: { shape?: Record<string, z.core.$ZodType> } }).def.shape ?? {},
  );
  const fitting = shapes.filter((shape) => {
    const { def } = (shape.type?._zod ?? { def: {} }) as unknown as { def: { values?: unknown[] } };
    return type === undefined || !def.values || def.values.includes(type);
  });
  return [...new Set(fitting.flatMap((shape) => Object.keys(shape)))].sort();
}

function branches(schema: z.core.$ZodType): z.core.$ZodType[] {
  const { def } = schema._zod as unknown as {
    def: { type: string; innerType?: z.core.$ZodType; options?: z.core.$ZodType[]; in?: z.core.$ZodType };
  };
  if (def.innerType) return branches(def.innerType);
  if (def.options) return def.options.flatMap(branches);
  if (def.type === "pipe" && def.in) return branches(def.in);
  return [schema];
}
