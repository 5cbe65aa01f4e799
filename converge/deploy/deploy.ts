// `soundstage deploy`: stack by stack one saved plan of Terraform, shown with what hosts say to it, judged, and applied as it is.
import { resolve } from "node:path";
import { ConvergeFault } from "../fault.ts";
import { hostsOf, stacksOf } from "../output/stacks.ts";
import { ProcessStop } from "../run/stop.ts";
import { Programs } from "../terraform/programs.ts";
import { hostsInState } from "../terraform/records.ts";
import { type Nearest, requireKnown, statesOf } from "./allowed.ts";
import { lossOfRegion, type Present, type Refusal } from "./brakes.ts";
import { departedRegions } from "./known-states.ts";
import { orderNotes } from "./leaving.ts";
import { type DeployReport, JsonReport, TextReport } from "./report.ts";
import { type Outcome, StackDeploy } from "./stack-deploy.ts";
import { leavingOf, stacksToDeploy } from "./stacks.ts";
import { byCdktf, type Synthesize } from "./synthesis.ts";

export interface DeployOptions {
  /** Names of stacks; all but `local` when empty. */
  readonly stacks: readonly string[];
  readonly output: string;
  /** Takes the output as it is. */
  readonly skipSynth?: boolean;
  /** @default cdktf does it */
  readonly synthesize?: Synthesize;
  /** Shows all and applies nothing. */
  readonly dryRun?: boolean;
  readonly json?: boolean;
  /** Hosts that may be lost. */
  readonly allowLoss?: readonly string[];
  /** Addresses that may be deleted or replaced. */
  readonly allowDelete?: readonly string[];
  /** Which name was probably meant, where one of these is not known. */
  readonly nearest: Nearest;
  /** Undefined where there is nobody to ask. */
  readonly confirmed?: (question: string, signal: AbortSignal) => Promise<boolean>;
}

/** @returns the exit code: 0 all is done, 1 refused or failed, 2 a dry run has something to do, 128 + a signal's number */
export async function deploy(options: DeployOptions): Promise<number> {
  if (!options.dryRun && !options.confirmed)
    throw new ConvergeFault("there is nobody to ask: --yes answers, --dry-run shows all and applies nothing");
  const report = options.json ? new JsonReport() : new TextReport();
  const programs = new Programs();
  const asked = new AbortController();
  const stop = new ProcessStop(
    (reason) => {
      report.note(`${reason}: what runs is told to end, and waited for; no other stack is begun`);
      asked.abort();
      programs.interrupt();
    },
    () => {
      if (!programs.interrupt()) process.exit(130);
    },
  );
  try {
    const output = resolve(options.output);
    const { skipSynth, synthesize = byCdktf(programs) } = options;
    if (!skipSynth && !(await synthesized(output, synthesize, report))) return stop.reason ? stop.code : 1;
    return await inTurn({ ...options, output }, { report, programs, stop, asked: asked.signal });
  } finally {
    await stop.dispose();
  }
}

export interface Means {
  readonly report: DeployReport;
  readonly programs: Programs;
  readonly stop: ProcessStop;
  /** Aborts a question when the run is told to end. */
  readonly asked: AbortSignal;
}

/** @returns whether the output is written */
async function synthesized(output: string, write: Synthesize, report: DeployReport): Promise<boolean> {
  try {
    await write(output, (line, from) => report.output("synth", line, from));
    return true;
  } catch (error) {
    report.note((error as Error).message);
    return false;
  }
}

async function inTurn(options: DeployOptions, means: Means): Promise<number> {
  const { output, dryRun, allowLoss = [], allowDelete = [] } = options;
  const { report, stop, programs } = means;
  const stacks = stacksToDeploy(output, options.stacks);
  for (const note of orderNotes(stacks, stacksOf(output), leavingOf(output))) report.note(note);
  const present = { hosts: hostsOf(output), allowLoss };
  if (allowLoss.length + allowDelete.length > 0) {
    const complain = (line: string, stack: string) => report.output(stack, line, "stderr");
    const states = await statesOf(output, stacks, programs, complain).catch((error: unknown) => {
      // What is interrupted fails.
      if (stop.reason) return undefined;
      throw error;
    });
    if (!states || stop.reason) return stop.code;
    requireKnown({ allowLoss, allowDelete }, { hosts: [...present.hosts.keys()], states }, options.nearest);
  }
  const departed = await departures(output, present, means);

  const outcomes = new Map<string, Outcome>();
  for (const [index, stack] of stacks.entries()) {
    if (stop.reason || (departed && !dryRun)) break;
    report.begun(stack, index + 1, stacks.length);
    const outcome = await attempt(() => new StackDeploy(stack, options, present, means).run(), report, stack);
    outcomes.set(stack, outcome);
    if (outcome === "failed" && !dryRun) break;
  }
  const notBegun = stacks.filter((stack) => !outcomes.has(stack));
  const failed = [...outcomes].filter(([, outcome]) => outcome === "failed").map(([stack]) => stack);
  report.ended({
    done: [...outcomes].filter(([, outcome]) => outcome !== "failed").map(([stack]) => stack),
    failed,
    notBegun,
    dryRun: dryRun ?? false,
    ...(stop.reason && { stopped: stop.reason }),
  });
  if (stop.reason && (failed.length > 0 || notBegun.length > 0)) return stop.code;
  if (departed || failed.length > 0) return 1;
  return [...outcomes.values()].includes("pending") ? 2 : 0;
}

/** What is thrown is of this stack: those before it are done all the same. */
async function attempt(run: () => Promise<Outcome>, report: DeployReport, stack: string): Promise<Outcome> {
  try {
    return await run();
  } catch (error) {
    report.failed(stack, (error as Error).message);
    return "failed";
  }
}

/** Whether hosts of regions that are gone from the platform file would be forgotten. */
async function departures(output: string, present: Present, { report, programs }: Means): Promise<boolean> {
  const refusals: (readonly [stack: string, refusals: readonly Refusal[]])[] = [];
  try {
    for (const { stack, place, state } of await departedRegions(output, programs)) {
      refusals.push([stack, lossOfRegion(stack, { hosts: hostsInState(state), state: place }, present)]);
    }
  } catch (error) {
    report.note(
      `not checked whether hosts of regions would be lost that left the platform file: ${(error as Error).message}`,
    );
  }
  const some = refusals.filter(([, each]) => each.length > 0);
  for (const [stack, each] of some) report.refused(stack, each);
  return some.length > 0;
}
