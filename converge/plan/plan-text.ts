// A plan as people read it.
import { plain } from "../text/plain.ts";
import { type Highlight, highlightOf } from "../text/syntax.ts";
import type { FileChange } from "./file-changes.ts";
import type { HostPlan } from "./host-plan.ts";
import { outageText, unitOutageText } from "./outage.ts";

const SIGN = { add: "+", change: "~", mode: "~", remove: "-", restore: "<" } as const;
/** Select Graphic Rendition, ECMA-48 section 8.3.117. */
const COLOUR = { "+": "32", "-": "31", "@": "36", "!": "33", "": "1" } as const;
/** Keys stand out and comments stand back, within the colour that a line has from its mark. */
const TONE = { key: "1", comment: "2", plain: "" } as const;

export class PlanText {
  readonly #colour: boolean;

  /** @param colour only where a terminal shows it */
  constructor(colour: boolean) {
    this.#colour = colour;
  }

  host(plan: HostPlan): string {
    const { host, held, wanted, same } = plan;
    if (same) return `${this.#paint("", host)}  nothing to change\n`;
    const from = held.manifest === "none" ? "nothing of ours" : `generation ${held.generation}`;
    const rows = [
      ...plan.drift.map((what) => this.#paint("!", `! drift: ${what}`)),
      ...plan.notes.map((note) => this.#paint("!", `! ${note}`)),
      ...plan.packages.map(({ name, from: has }) =>
        this.#paint("+", `+ package ${name}${has ? ` (has ${has})` : ""}`),
      ),
      ...plan.users.map((user) => this.#paint("+", `+ user ${user}`)),
      ...plan.files.flatMap((file) => this.#file(file)),
      ...plan.kernel.map(({ key, from: is, to }) => plain(`~ kernel key ${key}: ${is} → ${to}`)),
      ...plan.units.map(({ name, verb }) => plain(`~ unit ${name}: ${verb}${outage(plan, name)}`)),
      ...plan.actions.map(({ id, scope, state, reason }) =>
        state === "failed"
          ? this.#paint("!", `! action ${id} (${scope}): could not be asked whether it is due (${reason})`)
          : `~ action ${id} (${scope}): ${state === "due" ? "due" : "not known before the host has its check"}`,
      ),
      ...(plan.outage ? [this.#paint("!", `! ${outageText(plan.outage)}`)] : []),
      ...(plan.noReturn.length > 0
        ? [this.#paint("!", `! not put back if it fails later: ${plan.noReturn.join(", ")}`)]
        : []),
    ];
    if (rows.length === 0) rows.push("~ its scripts or versions alone: nothing else of the host changes");
    return `${this.#paint("", host)}  ${from} → bundle ${wanted.slice(0, 12)}\n${rows.map((row) => `  ${row}\n`).join("")}`;
  }

  #file({ path, what, drift, note, diff }: FileChange): string[] {
    const sign = SIGN[what];
    const head = `${sign} ${path}${note ? `  ${note}` : ""}${drift ? "  (drift)" : ""}`;
    const painted = sign === "+" || sign === "-" ? this.#paint(sign, head) : plain(head);
    return diff === undefined ? [painted] : [painted, ...this.diff(diff, path)];
  }

  /** The lines of hunks of a file, further in. */
  diff(hunks: string, path: string): string[] {
    const highlight = highlightOf(path);
    return hunks
      .split("\n")
      .slice(0, -1)
      .map((line) => this.#line(line, highlight));
  }

  #line(line: string, highlight: Highlight | undefined): string {
    const mark = line.charAt(0);
    if (mark === "@") return this.#paint(mark, `  ${line}`);
    const colour = mark === "+" || mark === "-" ? COLOUR[mark] : "";
    if (!highlight || mark === "\\") return this.#sgr(colour, `  ${line}`);
    const shown = highlight(line.slice(1)).map(({ text, tone }) =>
      this.#sgr([colour, TONE[tone]].filter(Boolean).join(";"), text),
    );
    return this.#sgr(colour, `  ${mark}`) + shown.join("");
  }

  #paint(colour: keyof typeof COLOUR, text: string): string {
    return this.#sgr(COLOUR[colour], text);
  }

  #sgr(parameters: string, text: string): string {
    const seen = plain(text);
    return this.#colour && parameters !== "" ? `\u001b[${parameters}m${seen}\u001b[0m` : seen;
  }
}

function outage(plan: HostPlan, name: string): string {
  const known = plan.outage?.units.find((unit) => unit.name === name);
  return known ? ` (${unitOutageText(known)})` : "";
}
