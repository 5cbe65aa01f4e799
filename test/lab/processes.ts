// Processes by id, and never another one that has taken the number since.
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { eventually, run } from "./run.ts";

/** A process and when it started, in clock ticks since the machine booted (proc(5), stat field 22). */
export interface Process {
  readonly pid: number;
  readonly started: string;
}

/** The process of that id as it is now. */
export function processOf(pid: number): Process {
  const started = startOf(pid);
  if (started === undefined) throw new Error(`process ${pid} ended at once`);
  return { pid, started };
}

export function isAlive({ pid, started }: Process): boolean {
  return startOf(pid) === started;
}

function startOf(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // The name, in brackets, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? undefined : fields[19];
}

/** A file of /proc; empty when its process ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // it ended meanwhile
  }
}

/** The first process of the host in a network namespace, as this machine numbers it. */
export async function initOf(netns: string): Promise<number | undefined> {
  const pids = await pidsIn(netns);
  return pids.find((pid) => /^NSpid:\t\d+\t1$/m.test(read(`/proc/${pid}/status`)));
}

async function pidsIn(netns: string): Promise<number[]> {
  const { stdout } = await run("ip", ["netns", "pids", netns]);
  return stdout.split("\n").filter(Boolean).map(Number);
}

/** Processes that have exactly this word among their arguments. */
export function withArgument(word: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && read(`/proc/${name}/cmdline`).split("\0").includes(word))
    .map(Number);
}

/** Processes that work in a folder, or below it. */
export function workingIn(folder: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && `${link(`/proc/${name}/cwd`)}/`.startsWith(`${folder}/`))
    .map(Number);
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // it ended meanwhile
  }
}

/** The argument by which a host's boot loop and its nspawn are known. */
export function machineArgument(netns: string): string {
  return `--machine=${netns}`;
}

/** A power cut. Resolves when nothing of the host runs. */
export async function end(netns: string): Promise<void> {
  if (!existsSync(`/run/netns/${netns}`)) return;
  await eventually(15_000, async () => {
    // The loop first, or a host that reboots just now comes back; and nspawn alone leaves the host running.
    const pids = [...withArgument(machineArgument(netns)), ...(await pidsIn(netns))];
    for (const pid of pids) signal(pid, "SIGKILL");
    if (pids.length > 0) throw new Error(`processes of ${netns} do not end: ${pids.join(", ")}`);
  });
}
