// The lines of the file as they may be shown: without what is or may be a secret.
import { guarded, MASK, scrubbed } from "./secrecy.ts";
import { visible } from "./visible.ts";

const WIDTH = 110;

/** A line as it may be shown, and where each of its columns is then. */
interface Masked {
  readonly index: number;
  readonly text: string;
  readonly columns: Uint32Array;
}

export class Shown {
  readonly #lines: readonly string[];
  readonly #starts: number[] = [];
  /** A mark for each character that is shown nowhere. */
  readonly #hidden: Uint8Array;
  readonly #spans = new Set<string>();
  readonly #lastWithText: number;
  #broken = false;
  #guarded: readonly string[] | undefined;
  #masked: Masked | undefined;

  constructor(text: string) {
    this.#lines = text.split("\n");
    this.#hidden = new Uint8Array(text.length);
    this.#lastWithText = this.#lines.findLastIndex((line) => line.trim() !== "");
    let start = 0;
    for (const line of this.#lines) {
      this.#starts.push(start);
      start += line.length + 1;
    }
  }

  /** Line and column of an offset, both from 1; of the end of the text its last line that says something. */
  place(offset: number): { readonly line: number; readonly column: number } {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    const index = Math.min(low, Math.max(0, this.#lastWithText));
    const column =
      index === low ? offset - (this.#starts[low] as number) : (this.#lines[index] as string).length;
    return { line: index + 1, column: column + 1 };
  }

  /** What stands from one offset to another is shown nowhere. */
  hide(start: number, end: number): void {
    // Thousands of aliases may stand for one long text.
    const span = `${start} ${end}`;
    if (!this.#spans.has(span)) this.#hidden.fill(1, start, end);
    this.#spans.add(span);
    this.#masked = undefined;
  }

  hides(offset: number): boolean {
    return this.#hidden[offset] === 1;
  }

  /** The text is no YAML: what is a secret can only be guessed. */
  distrust(): void {
    this.#broken = true;
  }

  /** A line with a caret under one of its columns, both counted from 1. */
  excerpt(line: number, column: number): string {
    const [text, at] = this.#shown(line - 1, column - 1);
    // Escapes are longer than what they stand for: both sides of the caret are cut after they are made.
    const left = visible(text.slice(Math.max(0, at - WIDTH), at));
    const right = visible(text.slice(at, at + WIDTH + 1));
    const start = left.slice(-WIDTH / 2);
    const end = right.slice(0, WIDTH - start.length);
    const [before, after] = [left.length > start.length ? "…" : "", right.length > end.length ? "…" : ""];
    const caret = " ".repeat(before.length + start.length);
    return `${String(line).padStart(4)} | ${before}${start}${end}${after}\n     | ${caret}^`;
  }

  #shown(index: number, column: number): [text: string, column: number] {
    if (this.#broken) {
      this.#guarded ??= guarded(this.#lines);
      return [this.#guarded[index] ?? "", column];
    }
    // A file may be one long line with all of its faults.
    if (this.#masked?.index !== index) this.#masked = this.#mask(index);
    return [this.#masked.text, this.#masked.columns[column] ?? this.#masked.text.length];
  }

  #mask(index: number): Masked {
    const line = this.#lines[index] ?? "";
    const base = this.#starts[index] ?? 0;
    const columns = new Uint32Array(line.length + 1);
    const parts: string[] = [];
    let length = 0;
    const add = (part: string) => {
      parts.push(part);
      length += part.length;
    };
    for (let from = 0; from < line.length; ) {
      const hidden = this.hides(base + from);
      let to = from;
      while (to < line.length && this.hides(base + to) === hidden) {
        columns[to] = hidden ? length : length + to - from;
        to += 1;
      }
      add(hidden ? MASK : line.slice(from, to));
      from = to;
    }
    columns[line.length] = length;
    return { index, text: scrubbed(parts.join("")), columns };
  }
}
