// `soundstage upgrade`: Debian's updates, the restarts and the reboots that they need, in the waves of an apply.
import { commanded } from "./command.ts";
import { ConvergeFault } from "./fault.ts";
import { Budget } from "./order/budget.ts";
import { Share } from "./order/share.ts";
import { type Step, stepsOf, stepsText } from "./order/steps.ts";
import { Hosts } from "./output/hosts.ts";
import { LastRun } from "./output/last-run.ts";
import { pool } from "./output/pool.ts";
import { type Selection, select, type Wanted } from "./output/selection.ts";
import { RunLog } from "./report/run-log.ts";
import { isDone, type Outcome } from "./report/summary.ts";
import { plain } from "./text/plain.ts";
import { milliseconds, plural } from "./text/quantity.ts";
import { type HostUpdates, hostUpdates, isDue, type RebootMode, type Scope } from "./upgrade/host-updates.ts";
import { upgradeRegion } from "./upgrade/region-upgrade.ts";
import { updatesText } from "./upgrade/updates-text.ts";

export interface UpgradeOptions extends Omit<Wanted, "triggers"> {
  /** When a host restarts as a whole: where that is due, never, always. @default auto */
  readonly reboot?: RebootMode;
  /** All packages that are offered, not only those of the security archive. @default false */
  readonly allPackages?: boolean;
  /** Sizes of the waves of hosts without an order. @default what the region says */
  readonly waves?: string;
  /** How many hosts may fail before no other is begun. @default none */
  readonly maxFail?: string;
  /** Hosts that can not be reached at the beginning leave the run, which then fails at its end. @default false */
  readonly skipUnreachable?: boolean;
  /** @default 60s */
  readonly lockWait?: string;
  /** How long a host that restarts may take to answer again. @default 10m */
  readonly rebootTimeout?: string;
  /** Shows what would be done, and does not do it. @default false */
  readonly dryRun?: boolean;
  readonly json?: boolean;
  /** Asked once, when it has been shown what would be done. */
  readonly confirmed: (question: string) => Promise<boolean>;
}

interface StackUpdates {
  readonly selection: Selection;
  readonly found: ReadonlyMap<string, HostUpdates | Error>;
  readonly waves: readonly Share[] | undefined;
  readonly steps: readonly Step[];
}

/**
 * @returns the exit code: 0 every host has what is offered; of a dry run 2 where something would be done; 2 as well
 * where that was not confirmed
 */
export async function upgrade(options: UpgradeOptions): Promise<number> {
  const { output, dryRun = false, json = false, reboot = "auto", confirmed } = options;
  const wanted = { ...options, lastRun: "upgrade" as const };
  const times = {
    lockWait: milliseconds(options.lockWait ?? "60s", "--lock-wait"),
    rebootTimeout: milliseconds(options.rebootTimeout ?? "10m", "--reboot-timeout"),
  };
  const maxFail = options.maxFail === undefined ? undefined : Share.parse(options.maxFail, "--max-fail");
  const sizes = options.waves === undefined ? undefined : Share.waves(options.waves.split(","));
  const scope: Scope = options.allPackages ? "all" : "security";
  const hosts = await Hosts.of(wanted);
  const stacks = await ask(hosts, select(wanted), { scope, sizes, reboot });
  const found = stacks.flatMap((stack) => [...stack.found]);
  const masked = (text: string) => hosts.secrets.masked(text);
  const failed = found.some(([, updates]) => updates instanceof Error);
  const due = found.filter(([, updates]) => !(updates instanceof Error) && isDue(updates, reboot));

  // A run that follows tells of them itself; who is asked before it is told which they are.
  const unasked = dryRun ? "with the reason" : due.length > 0 ? "by name" : "not here";
  if (!json) for (const stack of stacks) process.stdout.write(stackText(stack, { reboot, masked, unasked }));
  if (dryRun) {
    if (json)
      console.log(
        JSON.stringify({ format: 1, stacks: stacks.map((each) => machineReadable(each, masked)) }, null, 2),
      );
    return failed ? 1 : due.length > 0 ? 2 : 0;
  }
  if (due.length > 0 && !(await confirmed(`Upgrade ${plural(due.length, "host")}? (yes) `))) {
    if (!json) console.log("nothing was changed");
    return 2;
  }

  const outcomes = new Map<string, Outcome>(found.map(([host]) => [host, "not begun"]));
  const budget = new Budget(maxFail, outcomes.size);
  const records = stacks.map(({ selection }) => new LastRun(output, selection.stack, "upgrade"));
  for (const [index, stack] of stacks.entries()) records[index]?.begin([...stack.found.keys()]);
  const log = new RunLog(
    output,
    new Map(hosts.names.map((host) => [host, hosts.machine(host).stack])),
    "upgrade",
  );
  const record = () => {
    for (const each of records) each.end((host) => isDone(outcomes.get(host)));
  };
  return commanded({ log, json, outcomes, record }, async (report, stop) => {
    const run = { hosts, report, outcomes, stop, budget, scope, reboot, ...times };
    for (const stack of stacks) {
      const { waves } = stack;
      await upgradeRegion({
        ...run,
        waves,
        found: stack.found,
        skipUnreachable: options.skipUnreachable ?? false,
      });
    }
  });
}

interface Asked {
  readonly scope: Scope;
  readonly sizes: readonly Share[] | undefined;
  readonly reboot: RebootMode;
}

/** What the hosts have, side by side; nothing but apt's lists changes there. */
async function ask(
  hosts: Hosts,
  selections: readonly Selection[],
  { scope, sizes, reboot }: Asked,
): Promise<StackUpdates[]> {
  const answers = new Map<string, HostUpdates | Error>();
  await pool(hosts.names, {
    step: (host) =>
      hosts.reach(host, async (remote, { bundle: { manifest, hash } }) =>
        answers.set(host, hostUpdates(manifest, hash, await remote.ask("upgradable", [scope]))),
      ),
    failed: async (host, error) => void answers.set(host, error),
  });
  return selections.map((selection) => {
    const found = new Map(
      selection.hosts.map(({ host }) => [host, answers.get(host) ?? new ConvergeFault("it was not asked")]),
    );
    const members = [...found.values()].flatMap((updates) =>
      updates instanceof Error || !isDue(updates, reboot) ? [] : [updates.member],
    );
    const waves = sizes ?? (selection.waves && Share.waves(selection.waves));
    const steps = stepsOf(members, waves, (host, group) =>
      hosts.machine(host).bundle.manifest.order.some((order) => order.group === group && order.handover),
    );
    return { selection, found, waves, steps };
  });
}

interface Shown {
  readonly reboot: RebootMode;
  readonly masked: (text: string) => string;
  /** How hosts are told of that could not be asked. */
  readonly unasked: "with the reason" | "by name" | "not here";
}

function stackText({ found, steps }: StackUpdates, { reboot, masked, unasked }: Shown): string {
  const hosts = [...found].map(([host, updates]) => {
    if (!(updates instanceof Error)) return updatesText(updates, reboot);
    if (unasked === "not here") return "";
    const reason =
      unasked === "by name" ? "" : `: ${plain(masked(updates.message)).replaceAll("\n", "\n  ")}`;
    return `${host}  could not be asked${reason}\n`;
  });
  return `${hosts.join("")}${stepsText(steps)}`;
}

function machineReadable(
  { selection: { stack }, found, steps }: StackUpdates,
  masked: (text: string) => string,
): object {
  const all = [...found];
  return {
    stack,
    hosts: all.flatMap(([, updates]) => {
      if (updates instanceof Error) return [];
      const { member, ...rest } = updates;
      return [{ ...rest, fresh: [...member.fresh], leads: [...member.leads] }];
    }),
    waves: steps,
    failures: Object.fromEntries(
      all.flatMap(([host, updates]) => (updates instanceof Error ? [[host, masked(updates.message)]] : [])),
    ),
  };
}
