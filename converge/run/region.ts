// One process for all hosts of a stack: prepared side by side, changed wave by wave, each proven or put back.
import { join } from "node:path";
import type { Connection, SecretFile } from "../../bundle/manifest.ts";
import { OutputFault } from "../../bundle/output-json.ts";
import { type HostBundle, readBundle } from "../../bundle/reader.ts";
import { Budget } from "../order/budget.ts";
import { ClusterActions } from "../order/cluster-actions.ts";
import { type Member, schedule, type Wave } from "../order/schedule.ts";
import type { Share } from "../order/share.ts";
import { owner } from "../owner.ts";
import { MaskedReport } from "../report/masked-report.ts";
import type { Report } from "../report/report.ts";
import type { Outcome } from "../report/summary.ts";
import type { Held } from "../script/held.ts";
import { OutputOrigin } from "../script/output-origin.ts";
import { Secrets } from "../secrets/secrets.ts";
import { Access, accessSecrets } from "../ssh/access.ts";
import { HostRun } from "./host-run.ts";
import { Progress } from "./progress.ts";
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
  /** Host → hash of the bundle that this run is about. */
  readonly #hashes = new Map<string, string>();
  readonly #progress: Progress<HostRun>;

  constructor(options: Options) {
    this.#origin = OutputOrigin.of(options.output);
    this.#secrets = new Secrets(options.folder);
    this.#access = new Access(options.folder, this.#secrets);
    this.#options = { ...options, report: new MaskedReport(options.report, this.#secrets) };
    this.#connections = new Map(options.hosts.map((connection) => [connection.host, connection]));
    const orders = new Map<string, Member["order"]>();
    // A bundle is read again when it is its host's turn: kept of all of them is what concerns several.
    for (const { host } of options.hosts) {
      const { manifest, hash } = readBundle(options.output, options.stack, host);
      this.#hashes.set(host, hash);
      this.#needed.push(...manifest.secrets);
      this.#actions.add(manifest);
      orders.set(
        host,
        manifest.order.map(({ group, mode }) => ({ group, mode })),
      );
    }
    this.#progress = new Progress(this.#options, orders);
    this.#needed.push(...options.hosts.map(accessSecrets));
  }

  async converge(hosts: readonly string[]): Promise<ReadonlyMap<string, Outcome>> {
    const { outcomes, stop } = this.#options;
    const progress = this.#progress;
    await this.#secrets.require(this.#needed);
    const toldToEnd = () => stop.reason;
    try {
      const verified = await progress.each(hosts, (host) => this.#verify(host), toldToEnd);
      const changing = verified.filter((host) => !progress.is(host, "same"));
      const prepared = await progress.each(changing, (host) => this.#prepare(host), toldToEnd);
      if (!progress.ended) await this.#change(prepared);
      progress.tellNotBegun();
      return outcomes;
    } finally {
      await progress.releaseAll();
    }
  }

  async #verify(host: string): Promise<void> {
    const { report, lockWait, allowOlder, planned, stop } = this.#options;
    const connection = this.#connections.get(host) as Connection;
    const run = new HostRun({
      connection,
      access: this.#access,
      bundle: this.#bundle(host),
      secrets: this.#secrets,
      report,
      owner: this.#owner,
      lockWait,
      ending: stop.ending,
      origin: this.#origin,
      allowOlder: allowOlder === "all" || allowOlder.includes(host),
      planned: planned.get(host),
    });
    this.#progress.begin(host, run);
    if (!(await run.same())) return;
    report.step(host, "same", "");
    this.#progress.set(host, "same");
    await this.#progress.release(host);
  }

  async #prepare(host: string): Promise<void> {
    try {
      await this.#progress.part(host).prepare();
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
    const progress = this.#progress;
    progress.passBarrier();
    const members = new Map<string, Member>();
    const asked = await progress.each(hosts, async (host) =>
      members.set(host, await progress.part(host).member()),
    );
    const waves = schedule(
      asked.map((host) => members.get(host) as Member),
      this.#options.waves,
    );
    for (const [index, wave] of waves.entries()) {
      await progress.each(
        wave.hosts.filter((host) => !progress.withheld(host)),
        (host) => this.#changeOne(host, members.get(host) as Member, wave),
        () => progress.ended,
      );
      await this.#settle(waves, index);
    }
  }

  async #changeOne(host: string, { order, fresh }: Member, wave: Wave): Promise<void> {
    const run = this.#progress.part(host);
    this.#progress.set(host, "changing");
    // Asked again: a member may have come to lead since, also in a group that its wave is not for.
    const { leads } = order.every(({ group }) => fresh.has(group)) ? { leads: [] } : await run.member();
    for (const group of leads) await run.handover(group);
    await run.apply();
    for (const group of wave.gates) await run.gate(group);
  }

  /** After a wave: actions of cluster scope whose time has come, and then the proof of all that await none. */
  async #settle(waves: readonly Wave[], index: number): Promise<void> {
    const { report } = this.#options;
    const progress = this.#progress;
    for (const [id, carriers] of this.#actions.due(waves, index)) {
      const first = carriers.find((host) => progress.is(host, "changing"));
      if (!first) continue;
      const missing = carriers.filter((host) => !progress.is(host, "same", "changed", "changing"));
      if (missing.length === 0) await progress.each([first], (host) => progress.part(host).cluster(id));
      else report.step(first, "postponed", `${id}, until ${missing.join(", ")} can take part`);
    }
    const ready = progress.begun.filter(
      (host) => progress.is(host, "changing") && !this.#actions.awaits(host),
    );
    await progress.each(ready, async (host) => {
      await progress.part(host).prove();
      progress.set(host, "changed");
      await progress.release(host);
    });
  }
}
