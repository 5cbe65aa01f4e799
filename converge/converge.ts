// What Terraform's command and `soundstage apply` call: the hosts of stacks, brought to their bundles.
import { resolve } from "node:path";
import type { Connection } from "../bundle/manifest.ts";
import { readBundle } from "../bundle/reader.ts";
import { commanded } from "./command.ts";
import { LocalHost } from "./local/local.ts";
import { Budget } from "./order/budget.ts";
import { Share } from "./order/share.ts";
import { LastRun } from "./output/last-run.ts";
import { platformFolder } from "./output/platform-folder.ts";
import { type Selection, select, type Wanted } from "./output/selection.ts";
import { PlanFile } from "./plan/plan-file.ts";
import { MaskedReport } from "./report/masked-report.ts";
import type { Display } from "./report/report.ts";
import { RunLog } from "./report/run-log.ts";
import { isDone, type Outcome } from "./report/summary.ts";
import { convergeRegion } from "./run/region.ts";
import type { Stop } from "./run/stop.ts";
import { Secrets } from "./secrets/secrets.ts";
import { milliseconds } from "./text/quantity.ts";

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
    waves: options.waves === undefined ? undefined : Share.waves(options.waves.split(",")),
    lockWait: options.lockWait === undefined ? 60_000 : milliseconds(options.lockWait, "--lock-wait"),
    outcomes,
    budget: new Budget(maxFail, outcomes.size),
  };
  const records = selections.map(({ stack, hosts }) => ({ record: new LastRun(output, stack), hosts }));
  for (const { record, hosts } of records) record.begin(hosts.map(({ host }) => host));

  const machines = selections.some(({ hosts }) => hosts.some((host) => "address" in host));
  if (options.triggers !== undefined && machines && !process.env.SOUNDSTAGE_DEPLOY)
    console.log(
      "Terraform alone runs this: `soundstage deploy` has brakes, and waits for hosts when it is told to end",
    );
  const command = {
    log: new RunLog(output, stacks),
    json: options.json ?? false,
    outcomes,
    record: () => {
      for (const { record } of records) record.end((host) => isDone(outcomes.get(host)));
    },
  };
  return commanded(command, async (report, stop) => {
    for (const selection of selections) await one(selection, { ...run, report, stop });
  });
}

interface Run extends Pick<ConvergeOptions, "output" | "skipUnreachable" | "allowOlder"> {
  readonly lockWait: number;
  readonly planned: PlanFile | undefined;
  readonly waves: readonly Share[] | undefined;
  readonly outcomes: Map<string, Outcome>;
  readonly budget: Budget;
  readonly report: Display;
  readonly stop: Stop;
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
  const sizes = run.waves ?? (waves && Share.waves(waves));
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
