// What became of each host of a run.

/** `changing` only where a run was abandoned; `not begun` also where it was prepared, which changes nothing that runs. */
export type Outcome = "same" | "changed" | "failed" | "unreachable" | "changing" | "not begun";

export interface Summary {
  /** Host → what became of it. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly seconds: number;
  /** Why it ended early, where it did. */
  readonly stopped?: string;
}

const ALWAYS: readonly Outcome[] = ["same", "changed", "failed"];
const IF_ANY: readonly Outcome[] = ["unreachable", "changing", "not begun"];
/** Names in one line. */
const NAMED = 20;

export function isDone(outcome: Outcome | undefined): boolean {
  return outcome === "same" || outcome === "changed";
}

export function hostsThat(outcomes: Summary["outcomes"], ...wanted: readonly Outcome[]): string[] {
  return [...outcomes].filter(([, outcome]) => wanted.includes(outcome)).map(([host]) => host);
}

/** Last words of a run: its counts, and the hosts by name where it was told to end. */
export function summaryText({ outcomes, seconds, stopped }: Summary): string {
  const count = (outcome: Outcome) => hostsThat(outcomes, outcome).length;
  const counts = [...ALWAYS, ...IF_ANY.filter((outcome) => count(outcome) > 0)];
  const line = `${counts.map((outcome) => `${count(outcome)} ${outcome}`).join(", ")}, in ${Math.round(seconds)} s`;
  if (!stopped) return line;
  const parts = [
    ["done", hostsThat(outcomes, "same", "changed")],
    ["under way, and finished or put back by the host itself", hostsThat(outcomes, "changing")],
    ["not begun", hostsThat(outcomes, "not begun")],
  ] as const;
  const named = parts.flatMap(([what, hosts]) => (hosts.length > 0 ? [`${what}: ${list(hosts)}`] : []));
  return `${[`${stopped}`, ...named].join("; ")}\n${line}`;
}

function list(hosts: readonly string[]): string {
  const shown = hosts.slice(0, NAMED).join(", ");
  return hosts.length > NAMED ? `${shown} and ${hosts.length - NAMED} more` : shown;
}
