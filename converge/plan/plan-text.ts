// A plan as people read it.
import { plain } from "../text/plain.ts";
import type { FileChange } from "./file-changes.ts";
import type { HostPlan } from "./host-plan.ts";

const SIGN = { add: "+", change: "~", mode: "~", remove: "-", restore: "<" } as const;
/** Select Graphic Rendition, ECMA-48 section 8.3.117. */
const COLOUR = { "+": 32, "-": 31, "@": 36, "!": 33, "": 1 } as const;

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
      ...plan.units.map(({ name, verb }) => plain(`~ unit ${name}: ${verb}`)),
      ...plan.actions.map(
        ({ id, scope, state }) =>
          `~ action ${id} (${scope}): ${state === "due" ? "due" : "not known before the host has its check"}`,
      ),
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
    return diff === undefined ? [painted] : [painted, ...this.diff(diff)];
  }

  /** The lines of hunks, further in. */
  diff(hunks: string): string[] {
    return hunks
      .split("\n")
      .slice(0, -1)
      .map((line) => {
        const mark = line.charAt(0);
        const text = `  ${line}`;
        return mark === "+" || mark === "-" || mark === "@" ? this.#paint(mark, text) : plain(text);
      });
  }

  #paint(colour: keyof typeof COLOUR, text: string): string {
    const seen = plain(text);
    return this.#colour ? `\u001b[${COLOUR[colour]}m${seen}\u001b[0m` : seen;
  }
}
