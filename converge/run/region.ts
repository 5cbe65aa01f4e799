// One process for all hosts of a stack: prepared side by side, changed wave by wave, each proven or put back.
import { join } from "node:path";
import type { Connection, SecretFile } from "../../bundle/manifest.ts";
import { type HostBundle, OutputFault, readBundle } from "../../bundle/reader.ts";
import { UnreachableFault } from "../fault.ts";
import { Budget } from "../order/budget.ts";
import { ClusterActions } from "../order/cluster-actions.ts";
import { type Member, schedule, type Wave } from "../order/schedule.ts";
import type { Share } from "../order/share.ts";
import { pool } from "../output/pool.ts";
import { owner } from "../owner.ts";
import { MaskedReport } from "../report/masked-report.ts";
import type { Report } from "../report/report.ts";
import type { Outcome } from "../report/summary.ts";
import type { Held } from "../script/held.ts";
import { OutputOrigin } from "../script/output-origin.ts";
import { Secrets } from "../secrets/secrets.ts";
import { Access, accessSecrets } from "../ssh/access.ts";
import { HostRun } from "./host-run.ts";
import type { Stop } from "./stop.ts";

export interface RegionOptions {
  readonly output: string;
  readonly stack: string;
  readonly hosts: readonly Connection[];
  /** The platform file's folder. */
  readonly folder: string;
  readonly report: Report;
  /** Filled in as it goes, for whoever must tell before the whole has ended. */
  readonly outcomes?: Map<string, Outcome>;
  /** @default nothing ends it early */
  readonly stop?: Stop;
  /** @default the first failure ends it */
  readonly budget?: Budget;
  /** Sizes of the waves of hosts without an order. @default the first alone, a quarter, the rest */
  readonly waves?: readonly Share[];
  /** Hosts that can not be reached leave the run before the barrier. @default false */
  readonly skipUnreachable?: boolean;
  /** Milliseconds to wait for another run that holds a host. @default 60000 */
  readonly lockWait?: number;
  /** Names of hosts that may go back to an older output; `all` is every one. @default none */
  readonly allowOlder?: "all" | readonly string[];
  /** Host → what it had when it was planned. @default no plan is applied */
  readonly planned?: ReadonlyMap<string, Held>;
}

type Options = Required<Omit<RegionOptions, "waves">> & Pick<RegionOptions, "waves">;

/** @returns what became of each host */
export async function convergeRegion(options: RegionOptions): Promise<ReadonlyMap<string, Outcome>> {
  const { hosts } = options;
  const region = new Region({
    outcomes: new Map(),
    stop: { reason: undefined },
    budget: new Budget(undefined, hosts.length),
    skipUnreachable: false,
    lockWait: 60_000,
    allowOlder: [],
    planned: new Map(),
    ...options,
  });
  return region.converge(hosts.map(({ host }) => host));
}

class Region {
  readonly #options: Options;
  readonly #secrets: Secrets;
  readonly #access: Access;
  readonly #origin: OutputOrigin;
  /** What it takes to have the hosts' files and to reach the hosts. */
  readonly #needed: Pick<SecretFile, "parts">[] = [];
  readonly #owner = owner();
  readonly #actions = new ClusterActions();
  readonly #connections: ReadonlyMap<string, Connection>;
  readonly #orders = new Map<string, Member["order"]>();
  /** Host → hash of the bundle that this run is about. */
  readonly #hashes = new Map<string, string>();
  /** Connected, and to be released. */
  readonly #runs = new Map<string, HostRun>();
  /** Group → why no further host of it is begun. */
  readonly #givenUp = new Map<string, string>();
  /** The barrier is behind us. */
  #changes = false;

  constructor(options: Options) {
    this.#origin = OutputOrigin.of(options.output);
    this.#secrets = new Secrets(options.folder);
    this.#access = new Access(options.folder, this.#secrets);
    this.#options = { ...options, report: new MaskedReport(options.report, this.#secrets) };
    this.#connections = new Map(options.hosts.map((connection) => [connection.host, connection]));
    // A bundle is read again when it is its host's turn: kept of all of them is what concerns several.
    for (const { host } of options.hosts) {
      const { manifest, hash } = readBundle(options.output, options.stack, host);
      this.#hashes.set(host, hash);
      this.#needed.push(...manifest.secrets);
      this.#actions.add(manifest);
      this.#orders.set(
        host,
        manifest.order.map(({ group, mode }) => ({ group, mode })),
      );
      options.outcomes.set(host, "not begun");
    }
    this.#needed.push(...options.hosts.map(accessSecrets));
  }

  async converge(hosts: readonly string[]): Promise<ReadonlyMap<string, Outcome>> {
    const { outcomes, report, stop, budget } = this.#options;
    await this.#secrets.require(this.#needed);
    const toldToEnd = () => stop.reason;
    try {
      const verified = await this.#each(hosts, (host) => this.#verify(host), toldToEnd);
      const changing = verified.filter((host) => outcomes.get(host) !== "same");
      const prepared = await this.#each(changing, (host) => this.#prepare(host), toldToEnd);
      if (!stop.reason && !budget.exceeded) await this.#change(prepared);
      for (const host of hosts) {
        if (outcomes.get(host) === "not begun")
          report.step(host, "stopped", `${this.#withheld(host)}; nothing was changed here`);
      }
      return outcomes;
    } finally {
      await Promise.all([...this.#runs.keys()].map((host) => this.#release(host)));
    }
  }

  /** Why a host is not begun; undefined where it may be. */
  #withheld(host: string): string | undefined {
    const { stop, budget } = this.#options;
    if (stop.reason) return stop.reason;
    if (budget.exceeded)
      return this.#changes ? budget.exceeded : "another host failed before anything was changed";
    const groups = this.#orders.get(host) ?? [];
    return groups.flatMap(({ group }) => this.#givenUp.get(group) ?? [])[0];
  }

  async #verify(host: string): Promise<void> {
    const { report, outcomes, lockWait, allowOlder, planned } = this.#options;
    const connection = this.#connections.get(host) as Connection;
    const run = new HostRun({
      connection,
      access: this.#access,
      bundle: this.#bundle(host),
      secrets: this.#secrets,
      report,
      owner: this.#owner,
      lockWait,
      origin: this.#origin,
      allowOlder: allowOlder === "all" || allowOlder.includes(host),
      planned: planned.get(host),
    });
    this.#runs.set(host, run);
    if (!(await run.same())) return;
    report.step(host, "same", "");
    outcomes.set(host, "same");
    await this.#release(host);
  }

  async #prepare(host: string): Promise<void> {
    try {
      await this.#run(host).prepare();
    } catch (error) {
      // Its files are read as the host asks for them.
      this.#bundle(host);
      throw error;
    }
  }

  #bundle(host: string): HostBundle {
    const { output, stack } = this.#options;
    const bundle = readBundle(output, stack, host);
    if (bundle.hash === this.#hashes.get(host)) return bundle;
    throw new OutputFault(
      `${join(output, "stacks", stack)} was synthesized anew while this run read it: the bundle of ${host} is another; nothing was changed here, plan and apply again`,
    );
  }

  async #change(hosts: readonly string[]): Promise<void> {
    this.#changes = true;
    const members = new Map<string, Member>();
    const asked = await this.#each(hosts, async (host) => members.set(host, await this.#run(host).member()));
    const waves = schedule(
      asked.map((host) => members.get(host) as Member),
      this.#options.waves,
    );
    for (const [index, wave] of waves.entries()) {
      const begun = wave.hosts.filter((host) => !this.#withheld(host));
      await this.#each(
        begun,
        (host) => this.#changeOne(host, members.get(host) as Member, wave),
        () => this.#options.stop.reason ?? this.#options.budget.exceeded,
      );
      await this.#settle(waves, index);
    }
  }

  async #changeOne(host: string, { order, fresh }: Member, wave: Wave): Promise<void> {
    const run = this.#run(host);
    this.#options.outcomes.set(host, "changing");
    // Asked again: a member may have come to lead since, also in a group that its wave is not for.
    const { leads } = order.every(({ group }) => fresh.has(group)) ? { leads: [] } : await run.member();
    for (const group of leads) await run.handover(group);
    await run.apply();
    for (const group of wave.gates) await run.gate(group);
  }

  /** After a wave: actions of cluster scope whose time has come, and then the proof of all that await none. */
  async #settle(waves: readonly Wave[], index: number): Promise<void> {
    const { outcomes, report } = this.#options;
    for (const [id, carriers] of this.#actions.due(waves, index)) {
      const first = carriers.find((host) => outcomes.get(host) === "changing");
      if (!first) continue;
      const missing = carriers.filter(
        (host) => !["same", "changed", "changing"].includes(outcomes.get(host) ?? ""),
      );
      if (missing.length === 0) await this.#each([first], (host) => this.#run(host).cluster(id));
      else report.step(first, "postponed", `${id}, until ${missing.join(", ")} can take part`);
    }
    const ready = [...this.#runs.keys()].filter(
      (host) => outcomes.get(host) === "changing" && !this.#actions.awaits(host),
    );
    await this.#each(ready, async (host) => {
      await this.#run(host).prove();
      outcomes.set(host, "changed");
      await this.#release(host);
    });
  }

  /** Runs a step on hosts side by side; those that fail are put back and leave the run. */
  async #each(
    hosts: readonly string[],
    step: (host: string) => Promise<unknown>,
    halt?: () => unknown,
  ): Promise<string[]> {
    return pool(hosts, {
      step,
      halt,
      failed: async (host, error) => {
        this.#failed(host, error);
        await this.#release(host);
      },
    });
  }

  #failed(host: string, error: Error): void {
    const { outcomes, report, budget, skipUnreachable } = this.#options;
    const skipped = skipUnreachable && error instanceof UnreachableFault && !this.#changes;
    if (skipped) {
      outcomes.set(host, "unreachable");
      report.step(host, "unreachable", error.message);
    } else {
      outcomes.set(host, "failed");
      budget.spend();
      report.failed(host, error.message);
    }
    for (const { group, mode } of this.#orders.get(host) ?? []) {
      // Of a cluster that changes one by one, one may be out at a time, and one is.
      if (this.#changes || mode === "one-by-one")
        this.#givenUp.set(
          group,
          `${host} of its group ${skipped ? "can not be reached" : "failed before it"}`,
        );
    }
  }

  #run(host: string): HostRun {
    return this.#runs.get(host) as HostRun;
  }

  async #release(host: string): Promise<void> {
    const run = this.#runs.get(host);
    this.#runs.delete(host);
    await run?.release();
  }
}
