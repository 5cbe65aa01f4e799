// The YAML text with the places of its values.
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  visit,
} from "yaml";
import type { Fault } from "./fault.ts";
import { inspect } from "./inspect.ts";
import { excess } from "./nesting.ts";
import { Shown } from "./shown.ts";
import { syntaxWords } from "./syntax.ts";

export type Path = readonly (string | number)[];
export type Rows = Readonly<Record<string, unknown>>;

/** Characters; thousands of records fit, and reading stays below a second or two. */
const MAX_LENGTH = 1 << 20;
const MAX_ALIASES = 1000;
/** Values that all aliases may stand for together. */
const MAX_REPEATED = 20_000;

type KnownPair = Pair<Node, Node | null>;

export class PlatformDocument {
  readonly shown: Shown;
  readonly faults: Fault[] = [];
  /** Plain values; absent where the text is no mapping: nothing more can be said of it. */
  readonly value: Rows | undefined;
  readonly #contents: Node | null = null;
  readonly #aliases: ReadonlyMap<Alias, Node> = new Map();
  readonly #pairs = new WeakMap<Node, ReadonlyMap<string, KnownPair>>();

  constructor(source: string) {
    // A byte order mark is no part of the text, and lines end in one way.
    const text = source.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
    const long = text.length > MAX_LENGTH;
    this.shown = new Shown(long ? text.slice(0, 200) : text);
    if (long) {
      this.#refuse(0, `expected at most ${MAX_LENGTH} characters, found ${text.length}`);
      return;
    }
    const document = this.#parse(text);
    if (!document) return;
    this.#contents = document.contents;
    const { findings, aliases, repeated } = inspect(this.#contents, this.shown);
    this.#aliases = aliases;
    for (const { offset, rule, message } of findings)
      this.faults.push({ message, rule, ...this.shown.place(offset) });
    if (!isMap(this.#contents)) {
      const found = isSeq(this.#contents)
        ? "a list"
        : isScalar(this.#contents)
          ? "a single value"
          : "nothing";
      this.#refuse(0, `expected a mapping that begins with \`platform: <name>\`, found ${found}`);
    } else if (repeated > MAX_REPEATED) this.#refuseAliases();
    else if (!findings.some(({ rule }) => rule === "yaml-alias")) this.value = this.#plain(document);
  }

  #parse(text: string): Document.Parsed | undefined {
    const found = excess(text);
    if (found) {
      // What the rest of the text is can not be told.
      this.shown.distrust();
      this.#refuse(found.offset, found.message);
      return undefined;
    }
    const document = parseDocument(text, {
      schema: "core",
      merge: false,
      stringKeys: true,
      uniqueKeys: false,
      prettyErrors: false,
    });
    // What follows the first is mostly its consequence.
    const [first] = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0]);
    if (!first) return document as Document.Parsed;
    this.shown.distrust();
    const offset = first.message.startsWith("Missing closing")
      ? opening(document, first.pos[0])
      : first.pos[0];
    const message = `this is not YAML as it is read here: ${syntaxWords(first)}; the rest is checked after that`;
    this.#refuse(offset, message, "yaml-syntax");
    return undefined;
  }

  #plain(document: Document.Parsed): Rows | undefined {
    try {
      return document.toJS({ maxAliasCount: MAX_ALIASES }) as Rows;
    } catch {
      this.#refuseAliases();
      return undefined;
    }
  }

  #refuseAliases(): void {
    const [first] = this.#aliases.keys();
    this.#refuse(first?.range?.[0] ?? 0, "the aliases of this file stand for too much: write the values out");
  }

  #refuse(offset: number, message: string, rule?: string): void {
    this.faults.push({ message, ...(rule && { rule }), ...this.shown.place(offset) });
  }

  /** Where a value stands; the key it should stand under where it is absent, or where the key itself is meant. */
  at(path: Path, key = false): { readonly line: number; readonly column: number } {
    if (!key) {
      const node = this.#node(path);
      if (node?.range) return this.shown.place(node.range[0]);
    }
    for (let depth = path.length; depth > 0; depth -= 1) {
      const offset = this.#keyOffset(path.slice(0, depth));
      if (offset !== undefined) return this.shown.place(offset);
    }
    return this.shown.place(this.#contents?.range?.[0] ?? 0);
  }

  /** The value at a path is shown nowhere. */
  hide(path: Path): void {
    const range = this.#node(path)?.range;
    if (range) this.shown.hide(range[0], range[1]);
  }

  /** Whether a value, or the key itself, is shown nowhere. */
  hides(path: Path, key = false): boolean {
    const offset = key ? this.#keyOffset(path) : this.#node(path)?.range?.[0];
    return offset !== undefined && this.shown.hides(offset);
  }

  #keyOffset(path: Path): number | undefined {
    const parent = this.#resolved(this.#node(path.slice(0, -1)));
    if (isSeq(parent)) return (parent.items[Number(path.at(-1))] as Node | undefined)?.range?.[0];
    return this.#pairOf(parent, path.at(-1))?.key.range?.[0];
  }

  #node(path: Path): Node | undefined {
    return path.reduce<Node | undefined>((node, key) => {
      const inner = this.#resolved(node);
      if (isSeq(inner)) return inner.items[Number(key)] as Node | undefined;
      return this.#pairOf(inner, key)?.value ?? undefined;
    }, this.#contents ?? undefined);
  }

  /** Of two pairs with one key the later holds, as it does in the values. */
  #pairOf(node: Node | undefined, key: string | number | undefined): KnownPair | undefined {
    if (!isMap(node)) return undefined;
    let pairs = this.#pairs.get(node);
    if (!pairs) {
      const known = node.items.filter((item): item is KnownPair => isScalar(item.key));
      pairs = new Map(known.map((pair) => [String((pair.key as Scalar).value), pair]));
      this.#pairs.set(node, pairs);
    }
    return pairs.get(String(key));
  }

  #resolved(node: Node | undefined): Node | undefined {
    return isAlias(node) ? this.#aliases.get(node) : node;
  }
}

/** Where the text begins that nothing closes before an offset. */
function opening(document: Document, end: number): number {
  let offset = end;
  visit(document, {
    Scalar: (_, { range }) => {
      if (range && range[0] < end && range[1] >= end) offset = range[0];
    },
  });
  return offset;
}
