// The detached supervisor of a folder's processes: restarts what ends, and outlives who started it.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest, Process } from "../bundle/manifest.ts";
import { ConvergeFault } from "./fault.ts";

const PID = "supervisor.pid";
/** Milliseconds; doubled at each early end, up to the last. */
const BACKOFF = { first: 500, last: 15_000 };
/** A process that lived so long starts anew without a wait. */
const SETTLED = 10_000;

/** Starts it as a process group of its own; `process.argv[1]` is the CLI that holds it. */
export function startSupervisor(root: string, state: string): void {
  const log = openSync(join(state, "supervisor.log"), "a");
  const child = spawn(
    process.execPath,
    [...process.execArgv, process.argv[1] as string, "supervise", state],
    {
      cwd: root,
      detached: true,
      stdio: ["ignore", log, log],
    },
  );
  child.unref();
  closeSync(log);
  if (child.pid === undefined) throw new ConvergeFault("the supervisor of the processes did not start");
  writeFileSync(join(state, PID), `${child.pid} ${startOf(child.pid) ?? ""}\n`);
}

/** Whether the supervisor that was started is alive. */
export function supervised(state: string): boolean {
  return livePid(state) !== undefined;
}

/** @returns whether there was one to stop */
export async function stopSupervisor(state: string): Promise<boolean> {
  const pid = livePid(state);
  if (pid === undefined) return false;
  process.kill(pid, "SIGTERM");
  for (let waited = 0; livePid(state) !== undefined; waited += 50) {
    if (waited > 15_000) throw new ConvergeFault(`the supervisor (pid ${pid}) does not end; end it by hand`);
    await new Promise((done) => setTimeout(done, 50));
  }
  rmSync(join(state, PID), { force: true });
  return true;
}

function livePid(state: string): number | undefined {
  const file = join(state, PID);
  if (!existsSync(file)) return undefined;
  const [pid, started] = readFileSync(file, "utf8").trim().split(" ");
  return startOf(Number(pid)) === started && started ? Number(pid) : undefined;
}

/** Start time in clock ticks (proc(5)): a pid alone may be another process by now. */
function startOf(pid: number): string | undefined {
  try {
    const [state, ...fields] = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    return state === "Z" ? undefined : fields[18];
  } catch {
    return undefined;
  }
}

/** The supervisor itself; ends when it is told to, after its processes. */
export function supervise(state: string): void {
  const manifest = JSON.parse(readFileSync(join(state, "manifest.json"), "utf8")) as Manifest;
  const children = new Map<string, ChildProcess>();
  const timers = new Set<NodeJS.Timeout>();
  let ending = false;

  const start = (wanted: Process, wait: number): void => {
    const [program, ...args] = wanted.command;
    const began = Date.now();
    const log = openSync(join(state, `${wanted.name}.log`), "a");
    const child = spawn(program as string, args, {
      // However this supervisor ends, the pipe ends with it: what knows LIFELINE is never left behind.
      env: { PATH: process.env.PATH, LIFELINE: "stdin", ...wanted.environment },
      stdio: ["pipe", log, log],
    });
    closeSync(log);
    children.set(wanted.name, child);
    const ended = (how: string): void => {
      children.delete(wanted.name);
      if (ending) {
        finish();
        return;
      }
      const delay = Date.now() - began > SETTLED ? BACKOFF.first : wait;
      console.log(`${new Date().toISOString()} ${wanted.name} ended (${how}), starts again in ${delay} ms`);
      const timer = setTimeout(() => {
        timers.delete(timer);
        start(wanted, Math.min(delay * 2, BACKOFF.last));
      }, delay);
      timers.add(timer);
    };
    child.once("error", (error) => ended(error.message));
    child.once("exit", (code, signal) => ended(signal ?? `exit code ${code}`));
  };
  const finish = (): void => {
    if (children.size === 0) process.exit(0);
  };
  const end = (): void => {
    ending = true;
    for (const timer of timers) clearTimeout(timer);
    for (const child of children.values()) child.kill("SIGTERM");
    setTimeout(() => {
      for (const child of children.values()) child.kill("SIGKILL");
    }, 10_000).unref();
    finish();
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  process.on("SIGHUP", () => {}); // the terminal that started it may close
  for (const wanted of manifest.processes) start(wanted, BACKOFF.first);
}
