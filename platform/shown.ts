// The lines of the file as they may be shown: without what is or may be a secret.
import { guarded, MASK, scrubbed } from "./secrecy.ts";

const WIDTH = 110;

interface Span {
  readonly start: number;
  readonly end: number;
}

export class Shown {
  readonly #lines: readonly string[];
  readonly #starts: number[] = [];
  readonly #spans: Span[] = [];
  #broken = false;

  constructor(text: string) {
    this.#lines = text.split("\n");
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
    let index = low;
    while (index > 0 && this.#lines.slice(index).every((line) => line.trim() === "")) index -= 1;
    const column =
      index === low ? offset - (this.#starts[low] as number) : (this.#lines[index] as string).length;
    return { line: index + 1, column: column + 1 };
  }

  /** What stands from one offset to another is shown nowhere. */
  hide(start: number, end: number): void {
    this.#spans.push({ start, end });
  }

  hides(offset: number): boolean {
    return this.#spans.some(({ start, end }) => offset >= start && offset < end);
  }

  /** The text is no YAML: what is a secret can only be guessed. */
  distrust(): void {
    this.#broken = true;
  }

  /** A line with a caret under one of its columns, both counted from 1. */
  excerpt(line: number, column: number): string {
    const [text, at] = this.#masked(line - 1, column - 1);
    const start = Math.max(0, Math.min(at, text.length) - WIDTH / 2);
    const before = start > 0 ? "…" : "";
    const after = text.length > start + WIDTH ? "…" : "";
    const caret = " ".repeat(before.length + Math.min(at, text.length) - start);
    const part = text.slice(start, start + WIDTH).replace(/\p{Cc}/gu, " ");
    return `${String(line).padStart(4)} | ${before}${part}${after}\n     | ${caret}^`;
  }

  #masked(index: number, column: number): [text: string, column: number] {
    if (this.#broken) return [guarded(this.#lines)[index] ?? "", column];
    const line = this.#lines[index] ?? "";
    const base = this.#starts[index] ?? 0;
    const spans = this.#spans
      .map(({ start, end }) => ({ start: Math.max(0, start - base), end: Math.min(line.length, end - base) }))
      .filter(({ start, end }) => start < end)
      .sort((a, b) => a.start - b.start);
    let text = "";
    let done = 0;
    let at = column;
    for (const { start, end } of spans) {
      if (end <= done) continue;
      const from = Math.max(start, done);
      const joined = start < done ? "" : MASK;
      text += line.slice(done, from);
      if (column >= from && column < end) at = text.length;
      else if (column >= end) at += joined.length - (end - from);
      text += joined;
      done = end;
    }
    return [scrubbed(text + line.slice(done)), at];
  }
}
