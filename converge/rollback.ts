// `soundstage rollback`: an earlier generation in place again, proven or put back like any other change.
import { Hosts } from "./output/hosts.ts";
import { owner } from "./owner.ts";
import { display } from "./report/display.ts";
import { MaskedReport } from "./report/masked-report.ts";
import type { Report } from "./report/report.ts";
import { RunLog } from "./report/run-log.ts";
import type { Outcome } from "./report/summary.ts";
import { HostRun } from "./run/host-run.ts";
import { ProcessStop, type Stop } from "./run/stop.ts";
import { goal } from "./script/generations.ts";
import { OutputOrigin } from "./script/output-origin.ts";
import { milliseconds } from "./text/quantity.ts";

export interface RollbackOptions {
  readonly output: string;
  readonly stack: string;
  readonly host: string;
  /** @default the last before the one in place that was another bundle */
  readonly generation?: number;
  /** @default 60s */
  readonly lockWait?: string;
  readonly json?: boolean;
}

/** @returns the exit code: 0 only when the earlier generation is in place and proven */
export async function rollback(options: RollbackOptions): Promise<number> {
  const { output, host, stack, generation } = options;
  const lockWait = milliseconds(options.lockWait ?? "60s", "--lock-wait");
  const hosts = await Hosts.of({ output, stack, hosts: [host] });
  const shown = await display(new RunLog(output, new Map([[host, stack]])), options.json ?? false);
  const report = new MaskedReport(shown, hosts.secrets);
  const began = performance.now();
  let outcome: Outcome = "not begun";
  const conclude = () => {
    const seconds = (performance.now() - began) / 1000;
    shown.summary({
      outcomes: new Map([[host, outcome]]),
      seconds,
      ...(stop.reason && { stopped: stop.reason }),
    });
  };
  const stop = new ProcessStop(
    (reason) => shown.stopping(reason),
    () => {
      conclude();
      process.exit(130);
    },
  );
  const run = new HostRun({
    ...hosts.machine(host),
    access: hosts.access,
    secrets: hosts.secrets,
    report,
    owner: owner(),
    lockWait,
    origin: OutputOrigin.of(output),
    planned: undefined,
    allowOlder: true,
  });
  try {
    const groups = await prepare(run, generation, report);
    outcome = await change(run, groups, stop, () => {
      outcome = "changing";
    });
    if (outcome === "not begun") report.step(host, "stopped", `${stop.reason}; nothing was changed here`);
  } catch (error) {
    outcome = "failed";
    report.failed(host, (error as Error).message);
  } finally {
    await run.release();
    await shown.close();
    conclude();
    await stop.dispose();
  }
  return outcome === "changed" ? 0 : outcome === "failed" ? 1 : stop.code;
}

async function prepare(run: HostRun, wanted: number | undefined, report: Report): Promise<string[]> {
  return run.restage((kept) => {
    const chosen = goal(kept, wanted);
    report.step(
      run.name,
      "rollback",
      `to generation ${chosen.number}, applied ${chosen.time} by ${chosen.by}`,
    );
    return chosen;
  });
}

type Changeable = Pick<HostRun, "member" | "handover" | "apply" | "gate" | "prove">;

/** A leader hands over before anything of it restarts, and the gate of a cluster stands behind it, as in a run. */
export async function change(
  run: Changeable,
  groups: readonly string[],
  stop: Stop,
  begins: () => void,
): Promise<"changed" | "not begun"> {
  if (stop.reason) return "not begun";
  const { fresh, leads } = await run.member();
  for (const group of leads) if (!fresh.has(group) && groups.includes(group)) await run.handover(group);
  if (stop.reason) return "not begun";
  begins();
  await run.apply();
  for (const group of groups) await run.gate(group);
  await run.prove();
  return "changed";
}
