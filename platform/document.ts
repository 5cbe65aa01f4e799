// The YAML text with the places of its values.
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { Fault } from "./fault.ts";

export type Path = readonly (string | number)[];

const MAX_BYTES = 4 << 20;
const MAX_ALIASES = 50;

export class PlatformDocument {
  readonly #document: Document.Parsed;
  readonly #lines = new LineCounter();
  readonly faults: Fault[] = [];
  /** False where the text is no YAML mapping at all: nothing more can be said of it. */
  readonly readable: boolean;

  constructor(text: string) {
    const tooLarge = text.length > MAX_BYTES;
    this.#document = parseDocument(tooLarge ? "" : text.replace(/^\uFEFF/, ""), {
      lineCounter: this.#lines,
      uniqueKeys: true,
      prettyErrors: false,
    });
    for (const { code, message, pos } of this.#document.errors) {
      const { line, col } = this.#lines.linePos(pos[0]);
      const words =
        code === "DUPLICATE_KEY"
          ? "this key stands here twice: each may be given once"
          : `this is not YAML: ${message}`;
      this.faults.push({
        message: words,
        line,
        column: col,
        rule: code === "DUPLICATE_KEY" ? "key-duplicate" : "yaml-syntax",
      });
    }
    if (tooLarge)
      this.faults.push({ message: `the file is larger than ${MAX_BYTES} bytes`, line: 1, column: 1 });
    const broken = this.faults.some(({ rule }) => rule !== "key-duplicate");
    if (!broken && !isMap(this.#document.contents)) {
      this.faults.push({
        message:
          "expected a mapping that begins with `platform: <name>`, found " +
          (this.#document.contents ? "something else" : "nothing"),
        line: 1,
        column: 1,
      });
    }
    this.readable = !broken && isMap(this.#document.contents);
  }

  /** Plain values; a document of aliases that would grow without bound is a fault. */
  value(): unknown {
    try {
      return this.#document.toJS({ maxAliasCount: MAX_ALIASES });
    } catch (error) {
      this.faults.push({
        message: `the aliases of this file can not be resolved: ${(error as Error).message}`,
        line: 1,
        column: 1,
      });
      return undefined;
    }
  }

  set(path: Path, value: unknown): void {
    this.#document.setIn(path, value);
  }

  /** Where a value stands; its key where the value is absent or the key itself is meant. */
  at(path: Path, key = false): { line: number; column: number } {
    for (let depth = path.length; depth >= 0; depth -= 1) {
      const offset = this.#offset(path.slice(0, depth), key && depth === path.length);
      if (offset === undefined) continue;
      const { line, col } = this.#lines.linePos(offset);
      return { line, column: col };
    }
    return { line: 1, column: 1 };
  }

  #offset(path: Path, key: boolean): number | undefined {
    if (path.length === 0) return this.#document.contents?.range?.[0] ?? 0;
    const parent = this.#node(path.slice(0, -1));
    const pair = pairOf(parent, path.at(-1));
    return (key ? undefined : this.#node(path)?.range?.[0]) ?? pair?.key.range?.[0];
  }

  #node(path: Path): Node | undefined {
    return path.reduce<Node | undefined>((node, key) => {
      if (isSeq(node)) return node.items[Number(key)] as Node | undefined;
      return pairOf(node, key)?.value ?? undefined;
    }, this.#document.contents as Node);
  }
}

/** Of two pairs with one key the later holds, as it does in the values. */
function pairOf(
  node: Node | undefined,
  key: string | number | undefined,
): { key: Node; value: Node | null } | undefined {
  if (!isMap(node)) return undefined;
  const pair = node.items.findLast((item) => isScalar(item.key) && String(item.key.value) === String(key));
  return pair as { key: Node; value: Node | null } | undefined;
}
