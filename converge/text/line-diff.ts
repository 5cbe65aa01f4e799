// Which lines of a text changed, as `diff -u` prints it. E. W. Myers, "An O(ND) Difference Algorithm and Its
// Variations", Algorithmica 1 (1986), section 4.

interface Edit {
  readonly mark: " " | "-" | "+";
  readonly line: string;
}

const CONTEXT = 3;
/** Changed lines beyond which the shortest way is not looked for: its search grows with their square. */
const MAX_EDITS = 2000;
const NO_NEWLINE = "\n\\ No newline at end of file";

/** Hunks without the header of the files; empty where the texts are equal. */
export function unifiedDiff(before: string, after: string): string {
  const all = edits(linesOf(before), linesOf(after));
  const hunks: string[] = [];
  for (let at = 0; at < all.length; ) {
    const first = all.findIndex(({ mark }, index) => index >= at && mark !== " ");
    if (first < 0) break;
    let last = first;
    for (let index = first; index < all.length && index - last <= 2 * CONTEXT + 1; index += 1)
      if (all[index]?.mark !== " ") last = index;
    const begin = Math.max(first - CONTEXT, at);
    at = Math.min(last + CONTEXT + 1, all.length);
    hunks.push(hunk(all.slice(0, begin), all.slice(begin, at)));
  }
  return hunks.join("");
}

function hunk(passed: readonly Edit[], shown: readonly Edit[]): string {
  const range = (other: Edit["mark"]) => {
    const count = shown.filter(({ mark }) => mark !== other).length;
    const start = passed.filter(({ mark }) => mark !== other).length + (count > 0 ? 1 : 0);
    return count === 1 ? `${start}` : `${start},${count}`;
  };
  return `@@ -${range("+")} +${range("-")} @@\n${shown.map(({ mark, line }) => `${mark}${line}\n`).join("")}`;
}

function linesOf(text: string): string[] {
  if (text === "") return [];
  const lines = text.split("\n");
  const rest = lines.pop();
  return rest === "" ? lines : [...lines, `${rest}${NO_NEWLINE}`];
}

function edits(a: readonly string[], b: readonly string[]): Edit[] {
  const shorter = Math.min(a.length, b.length);
  let head = 0;
  while (head < shorter && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  const [from, to] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
  return [
    ...marked(" ", a.slice(0, head)),
    ...(shortest(from, to) ?? [...marked("-", from), ...marked("+", to)]),
    ...marked(" ", a.slice(a.length - tail)),
  ];
}

function marked(mark: Edit["mark"], lines: readonly string[]): Edit[] {
  return lines.map((line) => ({ mark, line }));
}

/** Of each number of edits the furthest that diagonals reach, until one reaches the end; then the way back. */
function shortest(a: readonly string[], b: readonly string[]): Edit[] | undefined {
  const most = Math.min(a.length + b.length, MAX_EDITS);
  const reach = new Int32Array(2 * most + 3);
  const trace: Int32Array[] = [];
  for (let d = 0; d <= most; d += 1) {
    // Diagonals -d-1 to d+1, as they were before this round.
    trace.push(reach.slice(most - d, most + d + 3));
    for (let k = -d; k <= d; k += 2) {
      const down = goesDown(reach, most + 1, k, d);
      let x = (reach[most + 1 + (down ? k + 1 : k - 1)] as number) + (down ? 0 : 1);
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      reach[most + 1 + k] = x;
      if (x >= a.length && x - k >= b.length) return back(a, b, trace);
    }
  }
  return undefined;
}

function goesDown(reach: Int32Array, zero: number, k: number, d: number): boolean {
  return k === -d || (k !== d && (reach[zero + k - 1] as number) < (reach[zero + k + 1] as number));
}

function back(a: readonly string[], b: readonly string[], trace: readonly Int32Array[]): Edit[] {
  const found: Edit[] = [];
  let [x, y] = [a.length, b.length];
  for (let d = trace.length - 1; d > 0; d -= 1) {
    const reach = trace[d] as Int32Array;
    const k = x - y;
    const down = goesDown(reach, d + 1, k, d);
    const fromX = reach[d + 1 + (down ? k + 1 : k - 1)] as number;
    const fromY = fromX - (down ? k + 1 : k - 1);
    for (const begin = down ? fromX : fromX + 1; x > begin; x -= 1)
      found.push({ mark: " ", line: a[x - 1] as string });
    found.push(down ? { mark: "+", line: b[fromY] as string } : { mark: "-", line: a[fromX] as string });
    [x, y] = [fromX, fromY];
  }
  return [...marked(" ", a.slice(0, x)), ...found.reverse()];
}
