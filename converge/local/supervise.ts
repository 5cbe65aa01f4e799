// The detached supervisor itself: restarts what ends, outlives who started it, and ends with its folder.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest, Process } from "../../bundle/manifest.ts";
import { readRecord, writeRecord } from "../record-file.ts";
import { identify } from "./process-id.ts";
import { PATIENCE, PROCESSES, SUPERVISOR } from "./supervisor.ts";

/** Milliseconds; doubled at each early end, up to the last. */
const BACKOFF = { first: 500, last: 15_000 };
/** A process that lived so long starts anew without a wait. */
const SETTLED = 10_000;
/** How often it looks whether its folder is still its own. */
const WATCH = 1000;

/** Runs until it is told to end, or until another supervisor or nobody stands in the folder's record. */
export function supervise(state: string): void {
  const manifest = JSON.parse(readFileSync(join(state, "manifest.json"), "utf8")) as Manifest;
  const children = new Map<string, ChildProcess>();
  const timers = new Set<NodeJS.Timeout>();
  const self = `${identify(process.pid)}\n`;
  let ending = false;
  writeRecord(join(state, SUPERVISOR), self);

  const isOurs = (): boolean => readRecord(join(state, SUPERVISOR)) === self;
  /** Who runs, for the one who finds them without this supervisor. */
  const note = (): void => {
    const lines = [...children].flatMap(([name, { pid }]) => {
      const identity = pid && identify(pid);
      return identity ? [`${identity} ${name}\n`] : [];
    });
    try {
      if (isOurs()) writeRecord(join(state, PROCESSES), lines.join(""));
    } catch (error) {
      // On a full disk what runs goes on; who comes next finds the older record.
      console.log(`${new Date().toISOString()} ${(error as Error).message}`);
    }
  };
  /** Where no file can be made any more it says nothing, and runs. */
  const logOf = (name: string): number | "ignore" => {
    try {
      return openSync(join(state, `${name}.log`), "a");
    } catch {
      return "ignore";
    }
  };
  const start = (wanted: Process, wait: number): void => {
    if (!isOurs()) {
      leave();
      return;
    }
    const [program, ...args] = wanted.command;
    const began = Date.now();
    const log = logOf(wanted.name);
    const child = spawn(program as string, args, {
      // However this supervisor ends, the pipe ends with it: what knows LIFELINE is never left behind.
      env: { PATH: process.env.PATH, LIFELINE: "stdin", ...wanted.environment },
      stdio: ["pipe", log, log],
    });
    if (typeof log === "number") closeSync(log);
    children.set(wanted.name, child);
    note();
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
    if (ending) return;
    ending = true;
    for (const timer of timers) clearTimeout(timer);
    for (const child of children.values()) child.kill("SIGTERM");
    setTimeout(() => {
      for (const child of children.values()) child.kill("SIGKILL");
    }, PATIENCE).unref();
    finish();
  };
  const leave = (): void => {
    console.log(`${new Date().toISOString()} ${state} is gone or another's: its processes end`);
    end();
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  process.on("SIGHUP", () => {}); // the terminal that started it may close
  for (const wanted of manifest.processes) start(wanted, BACKOFF.first);
  setInterval(() => {
    if (!ending && !isOurs()) leave();
  }, WATCH);
}
