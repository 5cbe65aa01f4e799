// Processes that the benchmark times; none of them outlives it.
import { type ChildProcess, spawn } from "node:child_process";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const running = new Set<ChildProcess>();
const remains = new Set<() => void>();

export interface TimedOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
}

export interface Timed {
  /** From before it was started until it had ended. */
  readonly ms: number;
  /** All that it wrote. */
  readonly output: string;
}

/** Runs a command to its end and throws unless it exits 0. */
export function timed(command: string, args: readonly string[], options: TimedOptions = {}): Promise<Timed> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(command, args, {
      // A group of its own, so that what it starts can be ended with it.
      detached: true,
      env: { ...process.env, ...options.env },
      ...(options.cwd && { cwd: options.cwd }),
    });
    running.add(child);
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => chunks.push(chunk));
    child.stdin.on("error", () => {}); // a command that reads no input may close it early
    child.stdin.end(options.input ?? "");
    child.once("error", reject);
    let ms = 0;
    child.once("exit", () => {
      ms = performance.now() - began;
      running.delete(child);
    });
    child.once("close", (code, signal) => {
      const output = Buffer.concat(chunks).toString();
      if (code === 0) resolve({ ms, output });
      else {
        const how = signal ?? `exit ${code}`;
        reject(new Error(`${command} ${args.join(" ")}: ${how}\n${output.slice(-4000)}`));
      }
    });
  });
}

/** For what a command leaves running on purpose: it is called at the benchmark's end, however it ends. */
export function leaves(end: () => void): void {
  remains.add(end);
}

export function endAll(): void {
  for (const { pid } of running) if (pid !== undefined) process.kill(-pid, "SIGKILL");
  for (const end of remains) end();
  remains.clear();
}

/** To be called before a lab starts: a lab ends this process itself, once it has removed what it made. */
export function endAllOnSignal(): void {
  for (const name of SIGNALS) {
    process.once(name, () => {
      endAll();
      if (process.listenerCount(name) === 0) process.kill(process.pid, name);
    });
  }
}
