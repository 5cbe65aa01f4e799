// One process for all hosts of a stack: prepared side by side, changed in order, each proven or put back.
import { join } from "node:path";
import type { Connection } from "../bundle/manifest.ts";
import { readBundle } from "../bundle/reader.ts";
import { Access, accessSecrets } from "./access.ts";
import { ConvergeFault } from "./fault.ts";
import { HostRun } from "./host-run.ts";
import { owner } from "./owner.ts";
import type { Report } from "./report.ts";
import { schedule, type Wave } from "./schedule.ts";
import { Secrets } from "./secrets.ts";

export interface RegionOptions {
  readonly output: string;
  readonly stack: string;
  readonly hosts: readonly Connection[];
  /** The platform file's folder. */
  readonly folder: string;
  readonly report: Report;
}

/** Connections at a time; preparing is mostly waiting for the hosts. */
const PARALLEL = 16;

/** @returns the hosts that are not at their bundle */
export async function convergeRegion(options: RegionOptions): Promise<Set<string>> {
  const failed = new Set<string>();
  const secrets = new Secrets(options.folder);
  const access = new Access(options.folder, secrets);
  const runs = options.hosts.map(
    (connection) =>
      new HostRun({
        connection,
        access,
        bundle: readBundle(options.output, options.stack, connection.host),
        secrets,
        report: options.report,
        owner: owner(),
      }),
  );
  secrets.require([...runs.flatMap(({ manifest }) => manifest.secrets), ...options.hosts.map(accessSecrets)]);
  const stop = stopSignal();

  /** Runs a step on hosts side by side; those that fail leave the run. */
  const each = async (
    hosts: readonly HostRun[],
    step: (run: HostRun) => Promise<unknown>,
  ): Promise<HostRun[]> => {
    const queue = hosts.filter(({ name }) => !failed.has(name));
    const done: HostRun[] = [];
    const worker = async (): Promise<void> => {
      for (let run = queue.shift(); run; run = queue.shift()) {
        try {
          await step(run);
          done.push(run);
        } catch (error) {
          failed.add(run.name);
          options.report.failed(run.name, (error as Error).message);
        }
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
    return done;
  };

  try {
    const changing: HostRun[] = [];
    await each(runs, async (run) => {
      if (await run.same()) options.report.step(run.name, "same", "");
      else changing.push(run);
    });
    // In the order of the file, whoever answered first: the first of a group is the same in every run.
    changing.sort((a, b) => runs.indexOf(a) - runs.indexOf(b));
    await each(changing, (run) => run.prepare());
    if (failed.size > 0) {
      for (const { name } of changing.filter(({ name }) => !failed.has(name))) {
        failed.add(name);
        options.report.step(
          name,
          "stopped",
          "another host failed before anything was changed; nothing was changed here",
        );
      }
      return failed;
    }
    await change(changing, each, failed, stop, options.report);
    return failed;
  } finally {
    stop.dispose();
    await Promise.all(runs.map((run) => run.release()));
  }
}

type Each = (hosts: readonly HostRun[], step: (run: HostRun) => Promise<unknown>) => Promise<HostRun[]>;

async function change(
  runs: readonly HostRun[],
  each: Each,
  failed: Set<string>,
  stop: Stop,
  report: Report,
): Promise<void> {
  const members = await Promise.all(runs.map((run) => run.member()));
  const byName = new Map(runs.map((run) => [run.name, run]));
  const givenUp = new Set<string>();
  for (const wave of schedule(members)) {
    const hosts = wave.hosts.map((name) => byName.get(name) as HostRun);
    const reason = stop.signal
      ? `${stop.signal} arrived`
      : givenUp.has(wave.group ?? "")
        ? "a host of its group failed before it"
        : undefined;
    if (reason) {
      for (const { name } of hosts) {
        failed.add(name);
        report.step(name, "stopped", `${reason}; nothing was changed here`);
      }
      continue;
    }
    const done = await each(hosts, (run) => changeOne(run, wave));
    if (wave.group && done.length < hosts.length) givenUp.add(wave.group);
  }
  const applied = runs.filter(({ name }) => !failed.has(name));
  for (const [id, carriers] of clusterActions(applied)) {
    await each(carriers.slice(0, 1), (run) => run.cluster(id));
  }
  await each(applied, (run) => run.prove());
}

async function changeOne(run: HostRun, wave: Wave): Promise<void> {
  if (wave.handover && wave.group) await run.handover(wave.group);
  await run.apply();
  if (wave.group) await run.gate(wave.group);
}

function clusterActions(runs: readonly HostRun[]): Map<string, HostRun[]> {
  const actions = new Map<string, HostRun[]>();
  for (const run of runs) {
    for (const { id, when, scope } of run.manifest.actions) {
      if (when === "after" && scope === "cluster") actions.set(id, [...(actions.get(id) ?? []), run]);
    }
  }
  return actions;
}

interface Stop {
  readonly signal: string | undefined;
  dispose(): void;
}

/** Terraform ends its shell and leaves the child: a signal means finish the step, start no other host. */
function stopSignal(): Stop {
  let received: string | undefined;
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const handler = (signal: NodeJS.Signals) => {
    received ??= signal;
  };
  for (const signal of signals) process.on(signal, handler);
  const broken = (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") received ??= "EPIPE";
  };
  process.stdout.on("error", broken);
  process.stderr.on("error", broken);
  return {
    get signal() {
      return received;
    },
    dispose() {
      for (const signal of signals) process.off(signal, handler);
      process.stdout.off("error", broken);
      process.stderr.off("error", broken);
    },
  };
}

/** Where a run's whole log goes. */
export function logFile(output: string, stack: string): string {
  return join(output, "logs", `${stack}.log`);
}

export function requireApplicable(stack: string, example: boolean): void {
  if (example && stack !== "local") {
    throw new ConvergeFault(
      `"${stack}" belongs to a platform that says \`example: true\`: it is synthesized and compared, and never applied`,
    );
  }
}
