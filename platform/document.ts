// The YAML text with the places of its values.
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
} from "yaml";
import type { Fault } from "./fault.ts";
import { inspect } from "./inspect.ts";
import { tooDeep } from "./nesting.ts";
import { Shown } from "./shown.ts";
import { syntaxWords } from "./syntax.ts";

export type Path = readonly (string | number)[];

const MAX_LENGTH = 1 << 20;
const MAX_ALIASES = 1000;

export class PlatformDocument {
  readonly shown: Shown;
  readonly faults: Fault[] = [];
  /** Plain values; absent where the text is no mapping at all: nothing more can be said of it. */
  readonly value: Readonly<Record<string, unknown>> | undefined;
  readonly #text: string;
  readonly #lines = new LineCounter();
  #document: Document.Parsed | undefined;
  #aliases: ReadonlyMap<Alias, Node> = new Map();

  constructor(source: string) {
    // A byte order mark is no part of the text, and lines end in one way.
    this.#text = source.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
    this.shown = new Shown(this.#text.length > MAX_LENGTH ? "" : this.#text);
    this.value = this.#read();
  }

  #read(): Readonly<Record<string, unknown>> | undefined {
    if (this.#text.length > MAX_LENGTH)
      return this.#refuse(0, `expected at most ${MAX_LENGTH} characters, found ${this.#text.length}`);
    for (let at = this.#text.indexOf("\n"), line = 0; line === 0 || at >= 0; at = this.#text.indexOf("\n", at))
      this.#lines.addNewLine(line === 0 ? 0 : ++at, ++line);
    return undefined;
  }
}
