// The hosts of a stack upgraded wave by wave, in the order and behind the gates of an apply.
import type { Budget } from "../order/budget.ts";
import { schedule, type Wave } from "../order/schedule.ts";
import type { Share } from "../order/share.ts";
import type { Hosts } from "../output/hosts.ts";
import { owner } from "../owner.ts";
import { MaskedReport } from "../report/masked-report.ts";
import type { Report } from "../report/report.ts";
import type { Outcome } from "../report/summary.ts";
import { Progress } from "../run/progress.ts";
import type { Stop } from "../run/stop.ts";
import { type HostUpdates, isDue, type RebootMode, type Scope } from "./host-updates.ts";
import { HostUpgrade } from "./host-upgrade.ts";

export interface RegionUpgradeOptions {
  readonly hosts: Hosts;
  /** Host of the stack → what it was found to have before it; or why that is not known. */
  readonly found: ReadonlyMap<string, HostUpdates | Error>;
  readonly report: Report;
  readonly outcomes: Map<string, Outcome>;
  readonly stop: Stop;
  readonly budget: Budget;
  readonly waves: readonly Share[] | undefined;
  readonly skipUnreachable: boolean;
  readonly lockWait: number;
  readonly scope: Scope;
  readonly reboot: RebootMode;
  readonly rebootTimeout: number;
}

export async function upgradeRegion(options: RegionUpgradeOptions): Promise<void> {
  const { hosts, found, waves, reboot } = options;
  const report = new MaskedReport(options.report, hosts.secrets);
  const orders = new Map(
    [...found.keys()].map((host) => [host, hosts.machine(host).bundle.manifest.order] as const),
  );
  const progress = new Progress<HostUpgrade>({ ...options, report }, orders);
  const due: HostUpdates[] = [];
  for (const [host, updates] of found) {
    if (updates instanceof Error) progress.failed(host, updates);
    else if (isDue(updates, reboot)) due.push(updates);
    else {
      report.step(host, "same", "");
      progress.set(host, "same");
    }
  }
  try {
    if (!progress.ended) {
      progress.passBarrier();
      const members = due.map(({ member }) => member);
      for (const wave of schedule(members, waves)) await upgradeWave(wave, progress, { ...options, report });
    }
    progress.tellNotBegun();
  } finally {
    await progress.releaseAll();
  }
}

async function upgradeWave(
  wave: Wave,
  progress: Progress<HostUpgrade>,
  options: RegionUpgradeOptions,
): Promise<void> {
  const { hosts } = options;
  const one = async (host: string) => {
    const { connection, bundle } = hosts.machine(host);
    const run = new HostUpgrade({
      ...options,
      connection,
      access: hosts.access,
      owner: owner(),
      ending: options.stop.ending,
      bundle: { script: bundle.script, order: bundle.manifest.order },
    });
    progress.begin(host, run);
    progress.set(host, "changing");
    await run.upgrade(wave.gates);
    progress.set(host, "changed");
    await progress.release(host);
  };
  await progress.each(
    wave.hosts.filter((host) => !progress.withheld(host)),
    one,
    () => progress.ended,
  );
}
