// A plan that was written down: which bundle each host shall get, and what it had when that was shown.
import { readFileSync } from "node:fs";
import { readBundle } from "../../bundle/reader.ts";
import { ConvergeFault } from "../fault.ts";
import type { Selection } from "../output/selection.ts";
import { writeRecord } from "../record-file.ts";
import type { Held } from "../script/held.ts";

export interface PlannedHost {
  /** Hash of the manifest that it shall get. */
  readonly wanted: string;
  readonly held: Held;
}

interface Content {
  readonly format: 1;
  /** Stack → host → what is planned for it. */
  readonly stacks: Readonly<Record<string, Readonly<Record<string, PlannedHost>>>>;
}

export class PlanFile {
  readonly #file: string;
  readonly #stacks: Content["stacks"];

  private constructor(file: string, { stacks }: Content) {
    this.#file = file;
    this.#stacks = stacks;
  }

  static write(file: string, stacks: Content["stacks"]): void {
    writeRecord(file, `${JSON.stringify({ format: 1, stacks } satisfies Content, null, 2)}\n`);
  }

  static read(file: string): PlanFile {
    return new PlanFile(file, parse(file));
  }

  held(stack: string): ReadonlyMap<string, Held> {
    return new Map(Object.entries(this.#stacks[stack] ?? {}).map(([host, { held }]) => [host, held]));
  }

  /**
   * Of the hosts that are meant those that were planned; a plan of another output is refused.
   * @param named hosts that were asked for by name: each must have been planned
   */
  narrowed(output: string, selections: readonly Selection[], named: readonly string[] = []): Selection[] {
    const planned = selections.flatMap(({ stack }) => Object.keys(this.#stacks[stack] ?? {}));
    if (planned.length === 0)
      throw new ConvergeFault(
        `${this.#file} is no plan of ${selections.map(({ stack }) => stack).join(" and ")}: it is one of ${Object.keys(this.#stacks).join(" and ") || "no stack"}`,
      );
    const unplanned = named.filter((host) => !planned.includes(host));
    if (unplanned.length > 0)
      throw new ConvergeFault(
        `${this.#file} plans nothing for ${unplanned.join(", ")}; it is for ${planned.join(", ")}`,
      );
    return selections.map((selection) => {
      const hosts = selection.hosts.filter(({ host }) => this.#stacks[selection.stack]?.[host]);
      const other = hosts.filter(
        ({ host }) =>
          readBundle(output, selection.stack, host).hash !== this.#stacks[selection.stack]?.[host]?.wanted,
      );
      if (other.length > 0)
        throw new ConvergeFault(
          `${this.#file} is stale: the bundle of ${other.map(({ host }) => host).join(", ")} in ${output} is not the one that was planned; plan again`,
        );
      return { ...selection, hosts };
    });
  }
}

function parse(file: string): Content {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new ConvergeFault(`${file} can not be read (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    const content: unknown = JSON.parse(text);
    if (isContent(content)) return content;
  } catch {
    // It is said below, with what writes such a file.
  }
  throw new ConvergeFault(`${file} is no plan: expected what \`soundstage plan --out ${file}\` writes`);
}

function isContent(value: unknown): value is Content {
  const { format, stacks } = (value ?? {}) as Partial<Content>;
  return format === 1 && isMapping(stacks) && Object.values(stacks).every(isStack);
}

function isStack(value: unknown): boolean {
  return (
    isMapping(value) &&
    (Object.values(value) as (Partial<PlannedHost> | null)[]).every(
      (row) =>
        typeof row?.wanted === "string" &&
        typeof row.held?.manifest === "string" &&
        typeof row.held.generation === "number",
    )
  );
}

function isMapping(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
