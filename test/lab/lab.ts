// Real Debian hosts on one machine: a bridge, a package proxy, and a namespace and a disk for each host.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { baseImage } from "./base.ts";
import { type HostSpec, LabHost } from "./host.ts";
import { startProxy } from "./proxy.ts";
import { must, run } from "./run.ts";
import { claimSubnet, forget, type LabRecord, proxyFolder, remember, sweep, sweepLab } from "./sweep.ts";

export interface LabOptions {
  readonly hosts: readonly HostSpec[];
  /** Where the run keeps its disks, keys and output; kept when named. @default a temporary folder */
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
    const folder = resolve(options.folder ?? mkdtempSync(join(tmpdir(), "soundstage-lab-")));
    mkdirSync(folder, { recursive: true });
    const id = randomBytes(2).toString("hex");
    const net = claimSubnet(id);
    const prefix = `ss${id}`;
    const hosts = options.hosts.map(({ name }, index) => ({
      name,
      netns: `${prefix}-${name}`,
      folder: join(folder, "hosts", name),
      address: `10.201.${net}.${index + 11}`,
      private: `10.202.${net}.${index + 11}`,
    }));
    let record: LabRecord = {
      id,
      net,
      folder,
      bridge: `${prefix}br`,
      owner: process.pid,
      hosts,
      temporary: !options.folder,
    };
    remember(record);
    try {
      await must("ip", ["link", "add", record.bridge, "type", "bridge"]);
      await must("ip", ["addr", "add", `10.201.${net}.1/24`, "dev", record.bridge]);
      await must("ip", ["addr", "add", `10.202.${net}.1/24`, "dev", record.bridge]);
      await must("ip", ["link", "set", record.bridge, "up"]);
      const proxy = await startProxy(proxyFolder(id), `10.201.${net}.1`);
      // A kept lab belongs to its proxy, which lives as long as the lab shall.
      record = { ...record, proxy: proxy.pid, owner: options.keep ? proxy.pid : process.pid };
      remember(record);
      const base = await baseImage(proxy.url);
      const identity = join(folder, "id_ed25519");
      if (!existsSync(identity))
        await must("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", identity]);
      const clientKey = readFileSync(`${identity}.pub`, "utf8");
      const lab = new Lab(record);
      await Promise.all(
        [...lab.hosts.values()].map((host, index) =>
          host.create({
            base,
            bridge: record.bridge,
            veth: `${prefix}v${index}`,
            proxy: proxy.url,
            clientKey,
            ...(options.hosts[index]?.disk && { disk: options.hosts[index].disk }),
          }),
        ),
      );
      await Promise.all([...lab.hosts.values()].map((host) => host.boot()));
      writeFileSync(join(folder, "lab.json"), JSON.stringify(record));
      return lab;
    } catch (error) {
      await sweepLab(record);
      throw error;
    }
  }

  /** A lab that was kept, by its folder; undefined when none runs there. */
  static attach(folder: string): Lab | undefined {
    const file = join(resolve(folder), "lab.json");
    if (!existsSync(file)) return undefined;
    return new Lab(JSON.parse(readFileSync(file, "utf8")) as LabRecord);
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

  get identity(): string {
    return join(this.folder, "id_ed25519");
  }

  host(name: string): LabHost {
    const host = this.hosts.get(name);
    if (!host) throw new Error(`the lab has no host "${name}"`);
    return host;
  }

  /** Whether its bridge is up: only then do host addresses stay on this machine. */
  async isUp(): Promise<boolean> {
    const { stdout } = await run("ip", ["-o", "link", "show", this.#record.bridge, "up"]);
    return stdout.includes(this.#record.bridge);
  }

  /** Ends everything the lab started and removes what it made; may be called again. */
  async stop(): Promise<void> {
    await sweepLab(this.#record);
    forget(this.#record);
    if (this.#record.temporary) rmSync(this.folder, { recursive: true, force: true });
  }
}
