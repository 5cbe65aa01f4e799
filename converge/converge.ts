// What Terraform's command and `soundstage apply` call: the hosts of stacks, brought to their bundles.
import { resolve } from "node:path";
import type { Connection } from "../bundle/manifest.ts";
import { readBundle, readRegion } from "../bundle/reader.ts";
import { ConvergeFault } from "./fault.ts";
import { LocalHost } from "./local/local.ts";
import { Budget } from "./order/budget.ts";
import { Share } from "./order/share.ts";
import { LastRun } from "./output/last-run.ts";
import { platformFolder } from "./output/platform-folder.ts";
import { type Selection, select, type Wanted } from "./output/selection.ts";
import { PlanFile } from "./plan/plan-file.ts";
import { JsonReport } from "./report/json-report.ts";
import { MaskedReport } from "./report/masked-report.ts";
import { type Display, PlainReport } from "./report/report.ts";
import { RunLog } from "./report/run-log.ts";
import { isDone, type Outcome } from "./report/summary.ts";
import { convergeRegion } from "./run/region.ts";
import { ProcessStop } from "./run/stop.ts";
import { Secrets } from "./secrets/secrets.ts";

export interface ConvergeOptions extends Wanted {
  /** Sizes of the waves of hosts without an order, such as `1,25%,100%`. @default what the region says */
  readonly waves?: string;
  /** How many hosts may fail before no other is begun: `2`, or `10%` of all that are meant. @default none */
  readonly maxFail?: string;
  /** Hosts that can not be reached leave the run, which then fails once the others are done. @default false */
  readonly skipUnreachable?: boolean;
  /** How long to wait for another run that holds a host: `60s`, `5m`, `0`. @default 60s */
  readonly lockWait?: string;
  /** Hosts may go back to an output that does not contain the commit they have. @default those of SOUNDSTAGE_ALLOW_OLDER */
  readonly allowOlder?: boolean;
  /** Says what happens as a JSON object a line. @default false */
  readonly json?: boolean;
  /** File of a plan: only its hosts are meant, and only while they are as they were. @default whatever the hosts have */
  readonly plan?: string;
}

/** @returns the exit code: 0 only when every host is at its bundle */
export async function converge(options: ConvergeOptions): Promise<number> {
  const { output } = options;
  const planned = options.plan === undefined ? undefined : PlanFile.read(options.plan);
  const selected = select(options);
  const selections = planned?.narrowed(output, selected, options.hosts) ?? selected;
  const stacks = new Map(selections.flatMap(({ stack, hosts }) => hosts.map(({ host }) => [host, stack])));
  const outcomes = new Map<string, Outcome>([...stacks.keys()].map((host) => [host, "not begun"]));
  const maxFail = options.maxFail === undefined ? undefined : Share.parse(options.maxFail, "--max-fail");
  const run = {
    ...options,
    planned,
    waves: options.waves === undefined ? undefined : parseWaves(options.waves.split(",")),
    lockWait: options.lockWait === undefined ? 60_000 : milliseconds(options.lockWait, "--lock-wait"),
    outcomes,
    budget: new Budget(maxFail, outcomes.size),
  };
  const records = selections.map(({ stack, hosts }) => ({ record: new LastRun(output, stack), hosts }));
  for (const { record, hosts } of records) record.begin(hosts.map(({ host }) => host));

  const began = performance.now();
  const report = await display(new RunLog(output, stacks), options.json ?? false);
  const conclude = () => {
    for (const { record } of records) record.end((host) => isDone(outcomes.get(host)));
    const seconds = (performance.now() - began) / 1000;
    report.summary({ outcomes, seconds, ...(stop.reason && { stopped: stop.reason }) });
  };
  const stop = new ProcessStop(
    (reason) => report.stopping(reason),
    () => {
      conclude();
      process.exit(130);
    },
  );
  try {
    try {
      for (const selection of selections) await one(selection, { ...run, report, stop });
    } finally {
      await report.close();
    }
    conclude();
  } finally {
    await stop.dispose();
  }
  const ends = [...outcomes.values()];
  if (ends.every(isDone)) return 0;
  return stop.reason && ends.includes("not begun") ? stop.code : 1;
}

interface Run extends Pick<ConvergeOptions, "output" | "skipUnreachable" | "allowOlder"> {
  readonly lockWait: number;
  readonly planned: PlanFile | undefined;
  readonly waves: readonly Share[] | undefined;
  readonly outcomes: Map<string, Outcome>;
  readonly budget: Budget;
  readonly report: Display;
  readonly stop: ProcessStop;
}

/** A stack is begun when those before it held. */
async function one({ stack, hosts, waves }: Selection, run: Run): Promise<void> {
  const { output, outcomes, budget, report, stop } = run;
  const withheld = stop.reason ?? budget.exceeded;
  if (withheld) {
    for (const { host } of hosts) report.step(host, "stopped", `${withheld}; nothing was changed here`);
    return;
  }
  const folder = platformFolder(output, stack);
  const sizes = run.waves ?? (waves && parseWaves(waves));
  await convergeRegion({
    output,
    stack,
    hosts: hosts.filter((host): host is Connection => "address" in host),
    folder,
    report,
    outcomes,
    budget,
    stop,
    skipUnreachable: run.skipUnreachable ?? false,
    lockWait: run.lockWait,
    allowOlder: run.allowOlder ? "all" : (process.env.SOUNDSTAGE_ALLOW_OLDER ?? "").split(","),
    ...(sizes && { waves: sizes }),
    ...(run.planned && { planned: run.planned.held(stack) }),
  });
  for (const host of hosts) {
    if (!("directory" in host)) continue;
    const bundle = readBundle(output, stack, host.host);
    const local = new LocalHost(resolve(folder, host.directory));
    const secrets = new Secrets(folder);
    outcomes.set(host.host, await local.converge(bundle, secrets, new MaskedReport(report, secrets)));
  }
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** `90s`, `5m`, `1h`; seconds where no unit stands. */
export function milliseconds(text: string, option: string): number {
  const [, number, unit = "s"] = /^(\d+)([smh])?$/.exec(text) ?? [];
  if (number === undefined) throw new ConvergeFault(`${option} ${text}: expected a time such as 60s or 5m`);
  return Number(number) * (UNITS[unit] as number);
}

function parseWaves(sizes: readonly string[]): Share[] {
  return sizes.map((size) => Share.parse(size, "wave"));
}

/** A display that moves where a person looks, plain lines for Terraform, which gives its child no terminal. */
export async function display(log: RunLog, json: boolean): Promise<Display> {
  if (json) return new JsonReport(log);
  // What moves must fit: a line a host, and one for the step that runs.
  if (!process.stdout.isTTY || log.hosts.length * 2 > process.stdout.rows) return new PlainReport(log);
  const { LiveReport } = await import("./report/live-report.ts");
  return new LiveReport(log);
}

/** Stops the processes of a stack's folders. */
export async function down(output: string, stack: string): Promise<void> {
  for (const host of readRegion(output, stack).hosts) {
    if (!("directory" in host))
      throw new ConvergeFault(`host ${host.host} of ${stack} is a machine: it is not stopped from here`);
    const stopped = await new LocalHost(resolve(platformFolder(output, stack), host.directory)).down();
    console.log(`${host.host}  ${stopped ? "stopped" : "was not running"}`);
  }
}
