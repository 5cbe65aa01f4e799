// `soundstage rollback`: an earlier generation in place again, proven or put back like any other change.
import { commanded } from "./command.ts";
import { NotBegunFault } from "./fault.ts";
import { Hosts } from "./output/hosts.ts";
import { owner } from "./owner.ts";
import { MaskedReport } from "./report/masked-report.ts";
import type { Report } from "./report/report.ts";
import { RunLog } from "./report/run-log.ts";
import type { Outcome } from "./report/summary.ts";
import { HostRun } from "./run/host-run.ts";
import type { Stop } from "./run/stop.ts";
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
  const outcomes = new Map<string, Outcome>([[host, "not begun"]]);
  const log = new RunLog(output, new Map([[host, stack]]));
  return commanded({ log, json: options.json ?? false, outcomes }, async (shown, stop) => {
    const report = new MaskedReport(shown, hosts.secrets);
    const run = new HostRun({
      ...hosts.machine(host),
      access: hosts.access,
      secrets: hosts.secrets,
      report,
      owner: owner(),
      lockWait,
      ending: stop.ending,
      origin: OutputOrigin.of(output),
      planned: undefined,
      allowOlder: true,
    });
    try {
      const groups = await prepare(run, generation, report);
      const outcome = await change(run, groups, stop, () => outcomes.set(host, "changing"));
      outcomes.set(host, outcome);
      if (outcome === "not begun") report.step(host, "stopped", `${stop.reason}; nothing was changed here`);
    } catch (error) {
      if (error instanceof NotBegunFault)
        return report.step(host, "stopped", `${stop.reason}; nothing was changed here`);
      outcomes.set(host, "failed");
      report.failed(host, (error as Error).message);
    } finally {
      await run.release();
    }
  });
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
