// Columns of text, as wide as what stands in them.
import { styleText } from "node:util";
import { plain } from "./plain.ts";

export interface Cell {
  readonly text: string;
  /** How it is to be seen where colours are. @default plain */
  readonly tone?: "good" | "bad" | "quiet";
}

export interface Column {
  readonly title: string;
  /** @default left */
  readonly align?: "right";
}

const COLOURS = { good: "green", bad: "red", quiet: "dim" } as const;

/** Whether a person looks on who can see colours; NO_COLOR is heeded. */
export function hasColours(): boolean {
  return process.stdout.isTTY === true && process.stdout.hasColors();
}

/** Columns bear no tabs and ends of lines either. */
function cell(text: string): string {
  return plain(text).replace(/[\t\n]/g, " ");
}

/** Columns in which no row has anything are left out. */
export function tableText(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  colours = hasColours(),
): string {
  const shown = columns.flatMap(({ title, align }, index) => {
    const cells = rows.map((row) => row[index] ?? { text: "" });
    if (cells.every(({ text }) => text === "")) return [];
    const width = Math.max(...[title, ...cells.map(({ text }) => cell(text))].map((text) => text.length));
    return [{ head: { text: title, tone: "quiet" } as const, cells, align, width }];
  });
  const line = (cellOf: (column: (typeof shown)[number]) => Cell) =>
    shown
      .map((column) => {
        const { text, tone } = cellOf(column);
        const clean = cell(text);
        const padding = " ".repeat(column.width - clean.length);
        const seen =
          colours && tone && clean ? styleText(COLOURS[tone], clean, { validateStream: false }) : clean;
        return column.align === "right" ? padding + seen : seen + padding;
      })
      .join("  ")
      .trimEnd();
  return [line(({ head }) => head), ...rows.map((_, index) => line(({ cells }) => cells[index] as Cell))]
    .map((text) => `${text}\n`)
    .join("");
}
