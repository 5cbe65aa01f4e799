// Cgroups of its own for each host. nspawn would put all of them into its caller's, where units of one name are one
// group to several hosts: a systemd then counts another host's processes among its own, and never sees a unit empty.
import { existsSync, mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "./run.ts";

const ROOT = "/sys/fs/cgroup";

/** In each hierarchy by which systemd knows its units: one on cgroup v2 or v1, both where they are mixed. */
export function cgroupsOf(netns: string): string[] {
  const mixed = ["systemd", "unified"].map((name) => join(ROOT, name)).filter((path) => existsSync(path));
  return (mixed.length > 0 ? mixed : [ROOT]).map((hierarchy) => join(hierarchy, "soundstage-lab", netns));
}

export function makeCgroups(netns: string): string[] {
  const folders = cgroupsOf(netns);
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  return folders;
}

/** With those that the host's systemd made below; nothing runs in them any more. */
export async function removeCgroups(netns: string): Promise<void> {
  // The kernel counts a process for a moment after its end.
  for (const folder of cgroupsOf(netns)) await eventually(5_000, async () => removeTree(folder));
}

function removeTree(folder: string): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(folder, entry.name));
  }
  rmdirSync(folder);
}
