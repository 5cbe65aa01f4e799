// The removal of labs: at their end, and of those whose owner is dead.
import { existsSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { removeCgroups } from "./cgroup.ts";
import { end, isAlive, signal, withArgument } from "./processes.ts";
import { forget, type LabRecord, proxyFolder, records } from "./records.ts";
import { run } from "./run.ts";

/** Removes the labs whose owner is dead. */
export async function sweep(): Promise<void> {
  for (const record of records()) if (!isAlive(record.owner)) await remove(record);
}

/** Ends all that the lab started and removes what it made; may be called again. */
export async function remove(record: LabRecord): Promise<void> {
  await clear(record);
  forget(record);
}

/** The same, but for its record: what still comes of commands under way is swept later. */
export async function clear(record: LabRecord): Promise<void> {
  await Promise.all(record.hosts.map(({ netns }) => end(netns)));
  for (const { netns, veth } of record.hosts) {
    // The link first: after the namespace alone it lingers for seconds.
    await run("ip", ["link", "del", veth]);
    await run("ip", ["netns", "del", netns]);
    const propagate = `/run/systemd/nspawn/propagate/${netns}`;
    if (existsSync(propagate)) rmdirSync(propagate);
    await removeCgroups(netns);
  }
  for (const pid of withArgument(proxyFolder(record.id))) signal(pid, "SIGTERM");
  await run("ip", ["link", "del", record.bridge]);
  await unmountBelow(record.folder);
  for (const { folder } of record.hosts) rmSync(folder, { recursive: true, force: true });
  rmSync(proxyFolder(record.id), { recursive: true, force: true });
  if (record.temporary) rmSync(record.folder, { recursive: true, force: true });
}

async function unmountBelow(folder: string): Promise<void> {
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    // proc(5): blanks are written in octal
    .map((path) => path.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))))
    .filter((path) => path.startsWith(`${folder}/`));
  for (const path of mounts.sort().reverse()) await run("umount", ["-l", path]);
}
