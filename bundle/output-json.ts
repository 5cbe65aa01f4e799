// JSON files of an output, as they are read where it is applied: one that is broken is named, with the way out.

export class OutputFault extends Error {}

/** What stands at a key: in words, and whether a value is that. */
export type Form = readonly [expected: string, holds: (value: unknown) => boolean];
export type Forms = Readonly<Record<string, Form>>;

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown) => typeof value === "string";

/** Of what this version of Soundstage writes. */
export const FORMAT: Form = ["1, as this version of Soundstage writes it", (value) => value === 1];
export const TEXT: Form = ["a text", isText];
export const FLAG: Form = ["true or false", (value) => typeof value === "boolean"];
export const TEXTS: Form = ["a list of texts", (value) => Array.isArray(value) && value.every(isText)];
export const MAPPING: Form = ["a mapping", isMapping];
export const MAPPINGS: Form = [
  "a list of mappings",
  (value) => Array.isArray(value) && value.every(isMapping),
];
export const optional = ([expected, holds]: Form): Form => [
  expected,
  (value) => value === undefined || holds(value),
];

/** What a file's text says; throws `OutputFault` where that is cut off, or has another form. */
export function outputJson(text: string, file: string, forms: Forms): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw broken(file, text.trim() === "" ? "it is empty" : "expected JSON, and it is cut off or none");
  }
  if (!isMapping(value)) throw broken(file, `expected a mapping, found ${described(value)}`);
  for (const [key, [expected, holds]] of Object.entries(forms)) {
    if (!holds(value[key]))
      throw broken(file, `expected ${expected} as "${key}", found ${described(value[key])}`);
  }
  return value;
}

export function broken(file: string, what: string): OutputFault {
  return new OutputFault(`${file} is broken: ${what}; synthesize again: cdktf synth`);
}

function described(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (isMapping(value)) return "a mapping";
  return JSON.stringify(value).slice(0, 60);
}
