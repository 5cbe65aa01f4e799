// `soundstage diff`: what Terraform would change in stacks, several planned at once, shown in the order of a deploy.
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { ConvergeFault } from "../fault.ts";
import { ProcessStop } from "../run/stop.ts";
import { type Change, changesOf, warningsOf } from "../terraform/plan-json.ts";
import { Programs } from "../terraform/programs.ts";
import { Terraform } from "../terraform/terraform.ts";
import { terraformText } from "./report.ts";
import { stacksMeant } from "./stacks.ts";
import { byCdktf, type Synthesize } from "./synthesis.ts";

export interface DiffOptions {
  /** Names of stacks; all but `local` when empty. */
  readonly stacks: readonly string[];
  readonly output: string;
  /** Takes the output as it is. */
  readonly skipSynth?: boolean;
  /** @default cdktf does it */
  readonly synthesize?: Synthesize;
  readonly json?: boolean;
}

interface Diff {
  readonly stack: string;
  readonly changes: readonly Change[];
  /** What `check` blocks warn of. */
  readonly warnings: readonly string[];
  readonly text: string;
}

interface Failure {
  readonly stack: string;
  readonly failed: string;
  /** What Terraform had to say. */
  readonly said: readonly string[];
}

type Result = Diff | Failure;

/** Plans that run at once; each is a Terraform with its providers. */
const AT_ONCE = 4;

/** @returns the exit code: 0 nothing would change, 1 a stack can not be planned, 2 something would, 128 + a signal's number */
export async function diff(options: DiffOptions): Promise<number> {
  const running = new Set<Programs>();
  const stop = new ProcessStop(
    () => {
      for (const programs of running) programs.interrupt();
    },
    () => process.exit(130),
  );
  const programs = (): Programs => {
    const own = new Programs();
    running.add(own);
    return own;
  };
  try {
    const output = resolve(options.output);
    const { skipSynth, synthesize = byCdktf(programs()) } = options;
    if (!skipSynth) await synthesize(output, (line) => console.error(line));
    const results = await planned(stacksMeant(output, options.stacks), { output, programs, stop });
    if (options.json) console.log(JSON.stringify({ stacks: results.map(machineReadable) }, null, 2));
    else for (const result of results) show(result);
    if (stop.reason) return stop.code;
    if (results.some((result) => "failed" in result)) return 1;
    return results.some((result) => "changes" in result && result.changes.length > 0) ? 2 : 0;
  } finally {
    await stop.dispose();
  }
}

interface Means {
  readonly output: string;
  readonly programs: () => Programs;
  readonly stop: ProcessStop;
}

/** A plan changes nothing, so stacks need not wait for one another. */
async function planned(stacks: readonly string[], means: Means): Promise<Result[]> {
  const results = new Map<string, Result>();
  const waiting = [...stacks];
  // Two at once may spoil a shared cache of providers (Terraform, "Provider Plugin Cache").
  let initialized: Promise<unknown> = Promise.resolve();
  const init = (terraform: Terraform): Promise<void> => {
    const own = initialized.then(() => goOn(means.stop)).then(() => terraform.init());
    initialized = own.catch(() => undefined);
    return own;
  };
  const worker = async (): Promise<void> => {
    for (let stack = waiting.shift(); stack !== undefined; stack = waiting.shift()) {
      results.set(stack, await diffOf(stack, means, init));
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, stacks.length) }, worker));
  return stacks.flatMap((stack) => results.get(stack) ?? []);
}

async function diffOf(
  stack: string,
  { output, programs, stop }: Means,
  init: (terraform: Terraform) => Promise<void>,
): Promise<Result> {
  const said: string[] = [];
  /** Of this process alone. */
  const file = `diff-${process.pid}.tfplan`;
  try {
    const terraform = new Terraform(programs(), output, stack, (line) => said.push(line));
    await init(terraform);
    goOn(stop);
    const plan = await terraform.plan(file);
    const changes = changesOf(plan);
    return {
      stack,
      changes,
      warnings: warningsOf(plan),
      text: changes.length > 0 ? await terraform.shown(file) : terraformText(changes),
    };
  } catch (error) {
    return { stack, failed: (error as Error).message, said };
  } finally {
    rmSync(join(output, "stacks", stack, file), { force: true });
  }
}

/** Throws once the run was told to end: nothing else is begun. */
function goOn({ reason }: ProcessStop): void {
  if (reason !== undefined) throw new ConvergeFault(`not planned: ${reason}`);
}

function show(result: Result): void {
  console.log(`\n${result.stack}`);
  if ("failed" in result) {
    for (const line of result.said) console.error(line);
    console.error(`${result.stack}: ${result.failed}`);
  } else {
    console.log(result.text.trim());
    for (const warning of result.warnings) console.log(`! ${warning}`);
  }
}

function machineReadable(result: Result): object {
  if ("failed" in result) return result;
  const { stack, changes, warnings } = result;
  return { stack, resources: changes.map(({ address, verb }) => ({ address, verb })), warnings };
}
