// The keys that a schema knows at a place, for the question what was meant.
import type { z } from "zod";
import { valueAt } from "./rows.ts";

type Type = z.core.$ZodType;

interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, Type>>;
  readonly element?: Type;
  readonly valueType?: Type;
  readonly innerType?: Type;
  readonly options?: readonly Type[];
  readonly in?: Type;
  readonly values?: readonly unknown[];
}

const definition = (type: Type): Definition => type._zod.def as unknown as Definition;

/** What a schema expects at a place: of a union every branch. */
export function typesAt(schema: z.ZodType, path: readonly (string | number)[]): readonly Type[] {
  return path.reduce((types, key) => types.flatMap((type) => inner(definition(type), key)), branches(schema));
}

/** Of a union those of every branch, as far as a `type` beside them does not decide. */
export function keysAt(schema: z.ZodType, root: unknown, path: readonly (string | number)[]): string[] {
  const types = typesAt(schema, path);
  const chosen = valueAt(root, [...path, "type"]);
  const shapes = types.map((type) => definition(type).shape ?? {});
  const fitting = shapes.filter((shape) => {
    const values = shape.type && definition(shape.type).values;
    return chosen === undefined || !values || values.includes(chosen);
  });
  return [...new Set(fitting.flatMap((shape) => Object.keys(shape)))].sort();
}

function inner({ type, shape, element, valueType }: Definition, key: string | number): readonly Type[] {
  const next = type === "object" ? shape?.[String(key)] : type === "array" ? element : valueType;
  return next ? branches(next) : [];
}

/** What a type is made of, without what wraps it. */
function branches(schema: Type): readonly Type[] {
  const { type, innerType, options, in: input } = definition(schema);
  if (innerType) return branches(innerType);
  if (options) return options.flatMap(branches);
  return type === "pipe" && input ? branches(input) : [schema];
}
