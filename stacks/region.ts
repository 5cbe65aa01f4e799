// The hosts of one region, each with what its roles ask for.
import { posix } from "node:path";
import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import type { Artifact } from "../bundle/manifest.ts";
import { observedFile } from "../bundle/observed.ts";
import type { PackagesLock } from "../bundle/packages-lock.ts";
import { REDIS_DATA, Redis } from "../constructs/cache/redis.ts";
import { REPOSITORY } from "../constructs/database/backup.ts";
import { Edge } from "../constructs/edge/edge.ts";
import { Converge } from "../constructs/host/converge.ts";
import { Host } from "../constructs/host/host.ts";
import { SshServer } from "../constructs/host/ssh-server.ts";
import { KernelTuning, STREAMING } from "../constructs/kernel/kernel-tuning.ts";
import { HostsCheck } from "../constructs/observe/hosts-check.ts";
import { listenersPerHost } from "../constructs/relay/capacity.ts";
import { RelayWorkload } from "../constructs/relay/relay-workload.ts";
import { trustAuthority } from "../constructs/tls/authority-file.ts";
import { type Authority, Certificate } from "../constructs/tls/certificate.ts";
import { addressType } from "../platform/address.ts";
import type { HostRow, Role } from "../platform/host.ts";
import { edgeName } from "../platform/names.ts";
import type { Platform } from "../platform/schema.ts";
import { type Artifacts, releaseOf } from "./artifacts.ts";
import { setBackend } from "./backend.ts";
import { addDatabase } from "./database.ts";
import { leavingEdges } from "./leaving.ts";

export interface RegionStackProps {
  readonly platform: Platform;
  /** The platform file, relative to the output's folder. */
  readonly source: string;
  /** Name of its row. */
  readonly region: string;
  readonly artifacts: Artifacts;
  readonly lock?: PackagesLock;
}

/** First port of the relay's workers. */
const FIRST_PORT = 3000;

export class RegionStack extends TerraformStack {
  readonly #platform: Platform;
  readonly #hosts = new Map<string, { host: Host; row: HostRow }>();

  constructor(scope: Construct, id: string, { platform, source, region, artifacts, lock }: RegionStackProps) {
    super(scope, id);
    this.#platform = platform;
    setBackend(this, id, { platform, source });
    const row = platform.regions[region] as Platform["regions"][string];
    const lost = Object.entries(row.hosts).filter(([, { retire }]) => retire === "lost");
    for (const [name, hostRow] of Object.entries(row.hosts)) {
      const { address, ssh, cpus, memory, kernel, retire } = hostRow;
      if (retire === "lost") continue;
      const host = new Host(this, name, {
        transport: { ssh: { address, ...ssh } },
        privateAddress: hostRow.private,
        cpus,
        memory,
        kernel,
        ...(lock && { lock }),
        ...(retire && { retire }),
      });
      new SshServer(host, "sshd", { host, ports: ssh.ports });
      this.#hosts.set(name, { host, row: hostRow });
      // They are none of the region's any more: all that is left to say is where their data lies.
      if (host.retires && hostRow.roles.includes("cache")) host.data(REDIS_DATA);
      if (host.retires && hostRow.roles.includes("backup")) host.data(REPOSITORY);
    }
    const [cacheHost] = this.#with("cache");
    const cache = cacheHost && this.#addCache(cacheHost);
    for (const host of this.#with("relay")) {
      this.#addRelay(host, region, releaseOf(artifacts, row.release ?? platform.release), artifacts, cache);
    }
    for (const host of this.#with("edge")) this.#addEdge(host);
    if (platform.database?.region === region) {
      addDatabase(this, {
        database: platform.database,
        authority: this.#authority(),
        // Those that retire are members until their rows go: the others' files name them until then.
        members: this.#all("database"),
        lost: lost
          .filter(([, { roles }]) => roles.includes("database"))
          .map(([name, { private: address }]) => ({ name, address })),
        clients: this.#all("relay"),
        backup: this.#with("backup")[0] as Host,
      });
    }
    const converge = new Converge(this, "converge", {
      stack: id,
      source,
      hosts: [...this.#hosts.values()].map(({ host }) => host),
      lost: lost.map(([name]) => name),
      leaving: leavingEdges(platform, region),
      example: platform.example,
      ...(row.waves && { waves: row.waves }),
    });
    new HostsCheck(converge, "observed", { stack: id, file: posix.join("../..", observedFile(source, id)) });
  }

  /** Hosts that do this and go on doing it. */
  #with(role: Role): Host[] {
    return this.#all(role).filter(({ retires }) => !retires);
  }

  #all(role: Role): Host[] {
    return [...this.#hosts.values()].filter(({ row }) => row.roles.includes(role)).map(({ host }) => host);
  }

  #authority(): Authority {
    return this.#platform.authority as Authority;
  }

  #addCache(host: Host): Redis {
    const { maxmemory, password, ...settings } = this.#platform.cache as NonNullable<Platform["cache"]>;
    return new Redis(host, "cache", {
      host,
      authority: this.#authority(),
      password,
      maxmemory,
      policy: settings["maxmemory-policy"],
    });
  }

  #addRelay(
    host: Host,
    region: string,
    release: Artifact,
    artifacts: Artifacts,
    cache: Redis | undefined,
  ): void {
    const { relay, cache: settings, regions } = this.#platform;
    const capacity = regions[region]?.capacity.listeners ?? 0;
    new KernelTuning(host, "kernel", { host, keys: STREAMING });
    new RelayWorkload(host, "workload", {
      host,
      release,
      node: artifacts.node,
      ports: this.#ports(),
      region,
      listeners: listenersPerHost(capacity, this.#with("relay").length),
      demo: relay.demo,
      ...(relay.broadcastToken && { broadcastToken: relay.broadcastToken }),
      ...(cache &&
        settings && {
          redis: {
            address: cache.address,
            port: cache.port,
            password: settings.password,
            ca: trustAuthority(host, this.#authority()),
          },
        }),
    });
  }

  #addEdge(host: Host): void {
    const { edge, certificates } = this.#platform;
    const { zone, names, certificate: name, nginx } = edge as NonNullable<Platform["edge"]>;
    const { names: patterns, source } = certificates[name] as Platform["certificates"][string];
    const own = edgeName(host.name, zone);
    const certificate = new Certificate(host, "edge", {
      host,
      names: [...new Set([...patterns, own])],
      source: "acme" in source ? { acme: source.acme } : { privateCa: this.#authority() },
    });
    const address = this.#hosts.get(host.name)?.row.address ?? "";
    new Edge(host, "site", {
      host,
      names: [...names, own],
      certificate,
      ports: this.#ports(),
      settings: nginx,
      ipv6: addressType(address) === "AAAA",
    });
  }

  #ports(): number[] {
    return Array.from({ length: this.#platform.relay.workers }, (_, index) => FIRST_PORT + index);
  }
}
