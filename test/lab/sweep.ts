// What runs where: the labs of this machine, and the removal of those whose owner is dead.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, run } from "./run.ts";

const RECORDS = "/run/soundstage-lab";

export interface LabRecord {
  readonly id: string;
  /** Third octet of both networks. */
  readonly net: number;
  readonly folder: string;
  readonly bridge: string;
  /** The process that the lab shall not outlive. */
  readonly owner: number;
  /** When the owner started, so that another process with its number is not taken for it. */
  readonly started?: string;
  readonly proxy?: number;
  readonly temporary: boolean;
  readonly hosts: readonly {
    name: string;
    netns: string;
    folder: string;
    address: string;
    private: string;
  }[];
}

/** Takes a free pair of networks. */
export function claimSubnet(id: string): number {
  mkdirSync(RECORDS, { recursive: true });
  for (let net = 1; net < 255; net += 1) {
    try {
      mkdirSync(join(RECORDS, `net-${net}`));
      writeFileSync(join(RECORDS, `net-${net}`, id), "");
      return net;
    } catch {
      // taken
    }
  }
  throw new Error("254 labs run on this machine: stop one");
}

/** The proxy runs as nobody, which may not enter a run's own folder. */
export function proxyFolder(id: string): string {
  return join(RECORDS, `${id}-proxy`);
}

export function remember(record: LabRecord): void {
  const started = startOf(record.owner);
  writeFileSync(
    join(RECORDS, `${record.id}.json`),
    JSON.stringify({ ...record, ...(started && { started }) }),
  );
}

export function forget(record: LabRecord): void {
  rmSync(join(RECORDS, `${record.id}.json`), { force: true });
  rmSync(join(RECORDS, `net-${record.net}`), { recursive: true, force: true });
  rmSync(proxyFolder(record.id), { recursive: true, force: true });
}

/** Removes the labs whose owner is dead. */
export async function sweep(): Promise<void> {
  if (!existsSync(RECORDS)) return;
  for (const file of readdirSync(RECORDS).filter((name) => name.endsWith(".json"))) {
    const record = JSON.parse(readFileSync(join(RECORDS, file), "utf8")) as LabRecord;
    if (startOf(record.owner) === record.started && record.started !== undefined) continue;
    await sweepLab(record);
    forget(record);
    if (record.temporary) rmSync(record.folder, { recursive: true, force: true });
  }
}

/** Ends a lab's processes and removes its namespaces, links and mounts. */
export async function sweepLab(record: LabRecord): Promise<void> {
  await Promise.all(record.hosts.map(({ netns }) => end(netns)));
  for (const [index, { netns }] of record.hosts.entries()) {
    // The link first: after the namespace alone it lingers for seconds.
    await run("ip", ["link", "del", `ss${record.id}v${index}`]);
    await run("ip", ["netns", "del", netns]);
    const propagate = `/run/systemd/nspawn/propagate/${netns}`;
    if (existsSync(propagate)) rmdirSync(propagate);
  }
  if (record.proxy !== undefined) {
    try {
      process.kill(record.proxy, "SIGTERM");
    } catch {
      // it ended already
    }
  }
  await run("ip", ["link", "del", record.bridge]);
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((path) => path.startsWith(`${record.folder}/`));
  for (const path of mounts.sort().reverse()) await run("umount", ["-l", path]);
  for (const { folder } of record.hosts) rmSync(folder, { recursive: true, force: true });
  rmSync(join(record.folder, "lab.json"), { force: true });
}

async function end(netns: string): Promise<void> {
  if (!existsSync(`/run/netns/${netns}`)) return;
  await eventually(15_000, async () => {
    const pids = (await run("ip", ["netns", "pids", netns])).stdout.split("\n").filter(Boolean);
    for (const pid of pids) {
      try {
        process.kill(Number(pid), "SIGKILL");
      } catch {
        // it ended meanwhile
      }
    }
    if (pids.length > 0) throw new Error(`processes of ${netns} do not end`);
  });
}

/** Start time of a process in clock ticks (proc(5), field 22), undefined when it is gone. */
function startOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ")[19];
  } catch {
    return undefined;
  }
}
