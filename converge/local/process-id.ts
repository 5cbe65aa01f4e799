// A process that can not be mistaken for a later one: its pid and when it started (proc(5), in clock ticks).
import { readFileSync } from "node:fs";
import { ConvergeFault } from "../fault.ts";

/** `<pid> <start>`, or undefined where no such process lives. */
export function identify(pid: number): string | undefined {
  try {
    const [state, ...fields] = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return state === "Z" ? undefined : `${pid} ${fields[18]}`;
  } catch {
    return undefined;
  }
}

/** The pid of a process that is still the one that was identified. */
export function livePid(identity: string | undefined): number | undefined {
  const pid = Number(identity?.split(" ")[0]);
  return pid > 0 && identify(pid) === identity?.trim() ? pid : undefined;
}

/** SIGTERM, and SIGKILL for what does not end by it; returns once it is gone. */
export async function endProcess(identity: string, patience: number): Promise<void> {
  for (const [signal, milliseconds] of [
    ["SIGTERM", patience],
    ["SIGKILL", 5000],
  ] as const) {
    const pid = livePid(identity);
    if (pid === undefined) return;
    process.kill(pid, signal);
    const end = Date.now() + milliseconds;
    while (livePid(identity) !== undefined && Date.now() < end)
      await new Promise((done) => setTimeout(done, 50));
  }
  if (livePid(identity) !== undefined)
    throw new ConvergeFault(`process ${identity.split(" ")[0]} does not end by SIGKILL; end it by hand`);
}
