// The supervisor of a folder's processes, as seen from who starts and stops it.
import { spawn } from "node:child_process";
import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ConvergeFault } from "../fault.ts";
import { readRecord, writeRecord } from "../record-file.ts";
import { endProcess, identify, livePid } from "./process-id.ts";

/** Files of the state's folder: who supervises, and what it runs, one `<pid> <start> <name>` a line. */
export const SUPERVISOR = "supervisor.pid";
export const PROCESSES = "processes";
/** Milliseconds that processes have between SIGTERM and SIGKILL; their supervisor waits for them. */
export const PATIENCE = 10_000;

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
  writeRecord(join(state, SUPERVISOR), `${identify(child.pid) ?? child.pid}\n`);
}

/** Whether the supervisor that was started is alive. */
export function supervised(state: string): boolean {
  return livePid(readRecord(join(state, SUPERVISOR))) !== undefined;
}

/**
 * Stops it, and processes of ours that outlived theirs, which was killed before it could end them.
 * @returns whether there was anything to stop
 */
export async function stopSupervisor(state: string): Promise<boolean> {
  const supervisor = readRecord(join(state, SUPERVISOR))?.trim();
  const running = livePid(supervisor) !== undefined;
  if (supervisor) await endProcess(supervisor, PATIENCE + 5000);
  const orphans = (readRecord(join(state, PROCESSES)) ?? "")
    .split("\n")
    .map((line) => line.split(" ", 2).join(" "))
    .filter((identity) => livePid(identity) !== undefined);
  await Promise.all(orphans.map((identity) => endProcess(identity, PATIENCE)));
  rmSync(join(state, SUPERVISOR), { force: true });
  rmSync(join(state, PROCESSES), { force: true });
  return running || orphans.length > 0;
}
