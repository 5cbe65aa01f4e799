// What the host's script says: lines of tab-separated fields, the first of which names what they tell of.

export type Line = readonly [step: string, ...fields: string[]];

/** The lines by what they tell of. */
export class Answer {
  readonly #lines: readonly Line[];

  constructor(lines: readonly Line[]) {
    this.#lines = lines;
  }

  /** The fields of each line of a step. */
  all(step: string): string[][] {
    return this.#lines.filter(([name]) => name === step).map(([, ...fields]) => fields);
  }

  /** The lines of all other steps. */
  without(step: string): Line[] {
    return this.#lines.filter(([name]) => name !== step);
  }

  /** The first field of the first of them; undefined where there is none. */
  one(step: string): string | undefined {
    return this.#lines.find(([name]) => name === step)?.[1];
  }
}

/** A step on the host failed; its lines tell what had been done before. */
export class StepFault extends Error {
  readonly code: number;
  readonly done: readonly Line[];

  constructor(verb: string, stderr: string, code: number, done: readonly Line[] = []) {
    super(explain(verb, stderr, code));
    this.code = code;
    this.done = done;
  }
}

function explain(verb: string, stderr: string, code: number): string {
  const [first = "", ...rest] = stderr.trim().split("\n");
  const [mark, step, id, exit] = first.split("\t");
  const output = rest.map((line) => line.replace(/^failed\t(\S+)\t(\S*)\t(\d+)$/, "$1 $2: exit code $3"));
  const what =
    mark === "failed" ? `${step} ${id}: exit code ${exit}` : `${verb}: exit code ${code}\n${first}`;
  const back =
    code === 11
      ? "\nThe previous generation is in place again."
      : code === 12
        ? "\nThe previous generation could NOT be put back: look at the host."
        : "";
  return [what, ...output].join("\n") + back;
}

export function lines(stdout: string): Line[] {
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split("\t") as unknown as Line);
}
