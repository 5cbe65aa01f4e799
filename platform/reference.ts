// Every key of the platform file in tables, made of the schema's own descriptions, so that none is missing.
import { inputSchema } from "./json-schema.ts";

interface Node {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
}

/** More values than these are said by the description. */
const MAX_VALUES = 10;
const SECRET = "secret";
const OPERATOR = "file or variable";

/** A Markdown page. */
export function reference(): string {
  const schema = inputSchema() as Node;
  const sections = Object.entries(schema.properties ?? {}).map(([name, node]) =>
    [
      `## ${name}`,
      "",
      "| key | value | when absent | says |",
      "| --- | --- | --- | --- |",
      ...rows(name, node, schema.required?.includes(name) ?? false),
    ].join("\n"),
  );
  return `${[INTRODUCTION, ...sections].join("\n\n")}\n`;
}

const INTRODUCTION = `# Every key of the platform file

Written by \`npm run schema\` from the schema; [the platform file](platform.md) explains how the parts belong
together. \`<name>\` is a name of yours, \`[]\` an item of a list. A *${SECRET}* is \`{env: NAME, version: 1}\`,
\`{file: path, version: 1}\`, \`{command: [program, argument], version: 1}\` or
\`{sops: path, key: a.b, version: 1}\`; a *${OPERATOR}* is \`{file: path}\` or \`{env: NAME}\`. Sizes of memory are
written with their unit, such as \`16GiB\`.`;

function rows(path: string, node: Node, required: boolean): string[] {
  const absent = required ? "a fault" : node.default === undefined ? "" : `\`${short(node.default)}\``;
  const own = `| \`${path}\` | ${kind(node)} | ${absent} | ${cell(node.description ?? "")} |`;
  return [own, ...inner(path, node)];
}

function inner(path: string, node: Node): string[] {
  if (whole(node)) return [];
  const {
    properties = {},
    required = [],
    additionalProperties: others,
    items,
    anyOf = [],
    oneOf = [],
  } = node;
  return [
    ...Object.entries(properties).flatMap(([key, value]) =>
      rows(`${path}.${key}`, value, required.includes(key)),
    ),
    ...(typeof others === "object" ? rows(`${path}.<name>`, others, false) : []),
    ...(items ? inner(`${path}[]`, items) : []),
    ...once(anyOf).flatMap((form) => inner(path, form)),
    ...variants(path, oneOf),
  ];
}

/** Forms that are told apart by their `type`, such as DNS records: a key once, with the types that have it. */
function variants(path: string, forms: readonly Node[]): string[] {
  const found = new Map<string, { key: string; node: Node; required: boolean; types: string[] }>();
  for (const { properties = {}, required = [] } of forms) {
    const { type, ...own } = properties;
    for (const [key, node] of Object.entries(own)) {
      const each = { key, node, required: required.includes(key) };
      const { types } = found.get(JSON.stringify(each)) ?? { types: [] };
      found.set(JSON.stringify(each), { ...each, types: [...types, String(type?.const)] });
    }
  }
  const types = forms.map(({ properties }) => properties?.type?.const);
  return [
    ...(types.length > 0 ? rows(`${path}.type`, { enum: types }, true) : []),
    ...[...found.values()].flatMap(({ key, node, required, types: of }) => {
      const whose = of.length === types.length ? "" : `Of ${of.join(", ")}. `;
      return rows(`${path}.${key}`, { ...node, description: `${whose}${node.description ?? ""}` }, required);
    }),
  ];
}

/** One of them, or a list of them: the keys are the same. */
function once(forms: readonly Node[]): readonly Node[] {
  const single = forms.map((form) => form.items ?? form);
  return single.filter((form, index) => single.findIndex((other) => same(other, form)) === index);
}

function same(one: Node, other: Node): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function kind(node: Node): string {
  const said = whole(node);
  if (said) return said;
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  if (node.enum) return node.enum.length > MAX_VALUES ? "one of many" : node.enum.map(code).join(", ");
  const forms = node.anyOf ?? node.oneOf;
  if (forms) return node.oneOf ? "keys by `type`" : [...new Set(forms.map(kind))].join(", or ");
  if (node.items) return `list of ${kind(node.items)}`;
  if (node.type === "object") return node.properties ? "keys" : "names";
  if (node.type === "integer") return node.minimum === undefined ? "number" : `${range(node)}`;
  return [node.type ?? "value"].flat().map(word).join(", ");
}

/** What is explained once for all: it stands for its keys. */
function whole({ anyOf = [] }: Node): string | undefined {
  const keys = anyOf.map(({ properties }) => Object.keys(properties ?? {}).join(" "));
  if (keys.includes("env version")) return SECRET;
  return keys.includes("env") ? OPERATOR : undefined;
}

const WORDS: Readonly<Record<string, string>> = { string: "text", boolean: "true, false", integer: "number" };
const word = (type: string): string => WORDS[type] ?? type;
const code = (value: unknown): string => `\`${String(value)}\``;
const range = ({ minimum, maximum }: Node): string =>
  maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER
    ? `from ${minimum}`
    : `${minimum} to ${maximum}`;
const short = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
const cell = (text: string): string => text.replace(/[|<]/g, "\\$&");
