// What a deploy says: to people as text, to machines as a JSON object a line.

import { machineReadable, planText, type StackPlan } from "../plan/plan.ts";
import { PlanText } from "../plan/plan-text.ts";
import { type Change, VERBS } from "../terraform/plan-json.ts";
import { plain } from "../text/plain.ts";
import { hasColours } from "../text/table.ts";
import type { Refusal } from "./brakes.ts";

export interface Planned {
  readonly changes: readonly Change[];
  /** What `check` blocks warn of. */
  readonly warnings: readonly string[];
  /** Undefined for a stack without machines. */
  readonly hosts: StackPlan | undefined;
}

export interface Ended {
  readonly done: readonly string[];
  readonly failed: readonly string[];
  readonly notBegun: readonly string[];
  readonly dryRun: boolean;
  /** Why it ended early, where it did. */
  readonly stopped?: string;
}

export interface DeployReport {
  /** What a program says while it runs; `synth` where it belongs to no stack. */
  output(stack: string, line: string, from: "stdout" | "stderr"): void;
  begun(stack: string, index: number, of: number): void;
  planned(stack: string, planned: Planned): void;
  refused(stack: string, refusals: readonly Refusal[]): void;
  note(text: string, stack?: string): void;
  failed(stack: string, reason: string): void;
  ended(ended: Ended): void;
}

/** How the output of converge comes through Terraform. */
const PROVISIONER = /^terraform_data\.converge \(local-exec\): /;
const SIGN = { create: "+", update: "~", replace: "+/-", delete: "-", forget: "." } as const;

export class TextReport implements DeployReport {
  output(_stack: string, line: string, from: "stdout" | "stderr"): void {
    if (from === "stderr") console.error(line);
    else console.log(line.replace(PROVISIONER, ""));
  }

  begun(stack: string, index: number, of: number): void {
    console.log(`\n${stack} (${index} of ${of})`);
  }

  planned(_stack: string, { changes, warnings, hosts }: Planned): void {
    console.log(terraformText(changes));
    for (const warning of warnings) console.log(`! ${warning}`);
    if (hosts) process.stdout.write(planText([hosts], new PlanText(hasColours())));
    for (const [host, reason] of hosts?.failures ?? []) console.error(`${host}  FAILED  ${plain(reason)}`);
  }

  refused(stack: string, refusals: readonly Refusal[]): void {
    for (const { reason } of refusals) console.error(`REFUSED  ${reason}`);
    console.error(`${stack}: nothing was applied`);
  }

  note(text: string): void {
    console.error(text);
  }

  failed(stack: string, reason: string): void {
    console.error(`${stack}: ${reason}`);
  }

  ended({ done, failed, notBegun, dryRun, stopped }: Ended): void {
    const named = [
      [dryRun ? "shown, and nothing applied" : "done", done],
      ["not done", failed],
      ["not begun", notBegun],
    ] as const;
    const parts = named.flatMap(([what, stacks]) =>
      stacks.length > 0 ? [`${what}: ${stacks.join(", ")}`] : [],
    );
    console.log(`\n${[...(stopped ? [stopped] : []), ...parts].join("; ")}`);
  }
}

export class JsonReport implements DeployReport {
  output(stack: string, text: string, from: "stdout" | "stderr"): void {
    this.#say("output", { stack, from, text: text.replace(PROVISIONER, "") });
  }

  begun(stack: string, index: number, of: number): void {
    this.#say("begun", { stack, index, of });
  }

  planned(stack: string, { changes, warnings, hosts }: Planned): void {
    const resources = changes.map(({ address, verb }) => ({ address, verb }));
    this.#say("planned", { stack, resources, warnings, ...(hosts && { hosts: machineReadable(hosts) }) });
  }

  refused(stack: string, refusals: readonly Refusal[]): void {
    for (const refusal of refusals) this.#say("refused", { stack, ...refusal });
  }

  note(text: string, stack?: string): void {
    this.#say("note", { ...(stack && { stack }), text });
  }

  failed(stack: string, reason: string): void {
    this.#say("failed", { stack, reason });
  }

  ended(ended: Ended): void {
    this.#say("ended", ended);
  }

  #say(event: string, fields: object): void {
    console.log(JSON.stringify({ time: new Date().toISOString(), event, ...fields }));
  }
}

/** Terraform's part of a plan: what becomes of which resource. */
export function terraformText(changes: readonly Change[]): string {
  if (changes.length === 0) return "Terraform: nothing to change";
  const counts = VERBS.flatMap((verb) => {
    const count = changes.filter((change) => change.verb === verb).length;
    return count > 0 ? [`${count} to ${verb}`] : [];
  });
  const rows = changes.map(({ address, verb }) => `  ${SIGN[verb].padStart(3)} ${address}`);
  return [`Terraform: ${counts.join(", ")}`, ...rows].join("\n");
}
