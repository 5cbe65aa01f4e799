// One walk over what the parser read: keys given twice, tags, aliases, and what is or may be a secret.
import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Pair } from "yaml";
import { ENVIRONMENT_NAME, looksSecret, PASSWORDS, REFERENCE_KEYS, secretive } from "./secrecy.ts";
import type { Shown } from "./shown.ts";
import { nearest } from "./suggest.ts";

/** A fault at an offset of the text. */
export interface Finding {
  readonly offset: number;
  readonly message: string;
  readonly rule: string;
}

export interface Inspection {
  readonly findings: readonly Finding[];
  /** What each alias stands for. */
  readonly aliases: ReadonlyMap<Alias, Node>;
  /** Values that all aliases stand for together. */
  readonly repeated: number;
}

/** A file of the operator's own has no version: what is given to no host is not rotated there. */
const clear = (form: "{env: NAME, version: 1}" | "{file: ca/ca.key} or {env: NAME}") =>
  `expected a reference such as ${form}, found a secret in the clear: take it out, and change it where it is used`;

export function inspect(contents: Node | null, shown: Shown): Inspection {
  const findings: Finding[] = [];
  const anchors = new Map<string, Node>();
  const aliases = new Map<Alias, Node>();
  const sizes = new Map<Node, number>();
  let count = 0;
  let repeated = 0;
  const add = (offset: number, rule: string, message: string) => findings.push({ offset, rule, message });
  const hide = (node: Node) => shown.hide(start(node), node.range?.[1] ?? start(node));

  /** `secret` where what stands here is one, or the reference to one. */
  const walk = (node: Node | null | undefined, secret: boolean, parent = ""): void => {
    if (!node) return;
    const before = count;
    count += 1;
    if (node.tag !== undefined)
      add(start(node), "yaml-tag", "tags are not used in this file: write the value alone");
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (!target)
        return void add(start(node), "yaml-alias", "this alias has no anchor of its name before it");
      aliases.set(node, target);
      const values = sizes.get(target) ?? 1;
      count += values;
      repeated += values;
      if (secret && isScalar(target)) hide(target);
      return;
    }
    if ("anchor" in node && node.anchor) anchors.set(node.anchor, node);
    if (isMap(node)) walkMap(node.items as Pair<Node, Node | null>[], secret, parent);
    else if (isSeq(node)) for (const item of node.items) walk(item as Node, secret);
    else if (isScalar(node) && (secret || looksSecret(String(node.value)))) {
      hide(node);
      if (!secret) add(start(node), "secret-in-clear", clear("{env: NAME, version: 1}"));
    }
    if ("anchor" in node && node.anchor) sizes.set(node, count - before);
  };

  const walkMap = (items: readonly Pair<Node, Node | null>[], secret: boolean, parent: string): void => {
    const seen = new Map<string, Node>();
    for (const { key, value } of items) {
      const name = isScalar(key) ? String(key.value) : "";
      if (seen.has(name))
        add(
          start(key),
          "key-duplicate",
          secret ? "this key stands here twice: give it once" : `"${name}" stands here twice: give it once`,
        );
      seen.set(name, key);
      if (name === "__proto__") add(start(key), "key-name", "this can not be a name here: choose another");
      if (secret) {
        // `{ secret }` and `{ secret: 1 }`: what is no part of a reference may be the secret.
        if (!nearest(name, [...REFERENCE_KEYS, ...PASSWORDS])) hide(key);
        walk(value, !(REFERENCE_KEYS.includes(name) && harmless(name, value, items)));
        continue;
      }
      const named = secretive(name, parent);
      if (named && isScalar(value) && !["", null, true, false].includes(value.value as string))
        add(
          start(value),
          "secret-in-clear",
          clear(parent === "authority" ? "{file: ca/ca.key} or {env: NAME}" : "{env: NAME, version: 1}"),
        );
      walk(value, named, name);
    }
  };
  walk(contents, false);
  return { findings, aliases, repeated };
}

function start(node: Node): number {
  return node.range?.[0] ?? 0;
}

/** Whether a part of a reference is what it should be, rather than the secret itself. */
function harmless(key: string, value: Node | null, beside: readonly Pair<Node>[]): boolean {
  if (key === "command") return isSeq(value);
  // Alone it may be a key of another kind.
  if (key === "key" && !beside.some((pair) => isScalar(pair.key) && pair.key.value === "sops")) return false;
  if (!isScalar(value)) return false;
  if (key === "env") return ENVIRONMENT_NAME.test(String(value.value));
  return key === "version" ? typeof value.value === "number" : !looksSecret(String(value.value));
}
