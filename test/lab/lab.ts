// Real Debian hosts on one machine: a bridge, a package proxy, and a namespace and a disk for each host.
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { baseImage } from "./base.ts";
import { type HostSpec, LabHost } from "./host.ts";
import { endedOrKept, endOnSignal } from "./interrupt.ts";
import { isAlive, processOf } from "./processes.ts";
import { startProxy } from "./proxy.ts";
import { claim, type LabRecord, proxyFolder, records, remember } from "./records.ts";
import { must, run } from "./run.ts";
import { remove, sweep } from "./sweep.ts";

export interface LabOptions {
  readonly hosts: readonly HostSpec[];
  /** Where the run keeps its disks, keys and output; it stays when the lab ends. @default a temporary folder */
  readonly folder?: string;
  /** Outlives this process; ended by `Lab.attach(folder)` and `stop`. @default false */
  readonly keep?: boolean;
}

export class Lab {
  readonly folder: string;
  readonly hosts: ReadonlyMap<string, LabHost>;
  readonly #record: LabRecord;

  private constructor(record: LabRecord) {
    this.#record = record;
    this.folder = record.folder;
    this.hosts = new Map(record.hosts.map((host) => [host.name, new LabHost(host)]));
  }

  /** Removes what dead labs left, makes this one and waits until every host answers. */
  static async start(options: LabOptions): Promise<Lab> {
    await sweep();
    if (options.folder && Lab.attach(options.folder))
      throw new Error(`a lab runs in ${options.folder}: attach to it or stop it`);
    const folder = resolve(options.folder ?? mkdtempSync(join(tmpdir(), "soundstage-lab-")));
    mkdirSync(folder, { recursive: true });
    const claimed = claim((net) => describe(options, folder, net));
    endOnSignal(claimed);
    try {
      const record = await furnish(claimed, options);
      if (options.keep) endedOrKept(record);
      return new Lab(record);
    } catch (error) {
      await remove(claimed);
      endedOrKept(claimed);
      throw error;
    }
  }

  /** The lab that runs in a folder, whoever started it; undefined when none does. */
  static attach(folder: string): Lab | undefined {
    const record = records().find((other) => other.folder === resolve(folder) && isAlive(other.owner));
    return record && new Lab(record);
  }

  /** Addresses of this machine on the bridge, beyond its own. */
  readonly addresses: string[] = [];

  async addAddresses(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      const address = `10.201.${this.#record.net}.${n + 100}`;
      await must("ip", ["addr", "add", `${address}/24`, "dev", this.#record.bridge]);
      this.addresses.push(address);
    }
  }

  /** Path of the private key that root of every host accepts. */
  get identity(): string {
    return join(this.folder, "id_ed25519");
  }

  host(name: string): LabHost {
    const host = this.hosts.get(name);
    if (!host) throw new Error(`the lab has no host "${name}"; it has ${[...this.hosts.keys()].join(", ")}`);
    return host;
  }

  /** Throws unless its bridge is up: only then do packets to host addresses stay on this machine. */
  async assertUp(): Promise<void> {
    const { stdout } = await run("ip", ["-o", "link", "show", this.#record.bridge, "up"]);
    if (!stdout.includes(this.#record.bridge))
      throw new Error("the lab's bridge is down: nothing is sent to its addresses");
  }

  /** Boots those of its hosts that do not run. */
  async resume(): Promise<void> {
    await this.assertUp();
    await Promise.all(
      [...this.hosts.values()].map(async (host) => {
        if (!(await host.isRunning())) await host.boot();
      }),
    );
  }

  /** Ends everything the lab started and removes what it made; may be called again. */
  async stop(): Promise<void> {
    await remove(this.#record);
    endedOrKept(this.#record);
  }
}

/** What the lab will be, before any of it is. */
function describe({ hosts, folder: named }: LabOptions, folder: string, net: number): LabRecord {
  const id = randomBytes(2).toString("hex");
  return {
    id,
    net,
    folder,
    temporary: !named,
    owner: processOf(process.pid),
    bridge: `ss${id}br`,
    hosts: hosts.map(({ name }, index) => ({
      name,
      netns: `ss${id}-${name}`,
      veth: `ss${id}v${index}`,
      folder: join(folder, "hosts", name),
      address: `10.201.${net}.${index + 11}`,
      private: `10.202.${net}.${index + 11}`,
    })),
  };
}

/** Makes it, from the bridge to the last host that answers. */
async function furnish(claimed: LabRecord, options: LabOptions): Promise<LabRecord> {
  const { bridge, folder, id, net } = claimed;
  await must("ip", ["link", "add", bridge, "type", "bridge"]);
  await must("ip", ["addr", "add", `10.201.${net}.1/24`, "dev", bridge]);
  await must("ip", ["addr", "add", `10.202.${net}.1/24`, "dev", bridge]);
  await must("ip", ["link", "set", bridge, "up"]);
  const proxy = await startProxy(proxyFolder(id), `10.201.${net}.1`);
  const base = await baseImage(proxy.url);
  const identity = join(folder, "id_ed25519");
  for (const path of [identity, `${identity}.pub`]) rmSync(path, { force: true });
  await must("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", identity]);
  const clientKey = readFileSync(`${identity}.pub`, "utf8");
  await Promise.all(
    claimed.hosts.map(async (record, index) => {
      const host = new LabHost(record);
      const disk = options.hosts[index]?.disk;
      await host.create({ base, bridge, proxy: proxy.url, clientKey, ...(disk && { disk }) });
      if (!options.hosts[index]?.later) await host.boot();
    }),
  );
  if (!options.keep) return claimed;
  // A kept lab belongs to its proxy, which lives as long as the lab shall.
  const kept = { ...claimed, owner: proxy.process };
  remember(kept);
  return kept;
}
