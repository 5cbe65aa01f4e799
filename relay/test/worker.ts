// Real workers of the built release, for tests.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildRelease } from "../build.ts";
import { freePort } from "./port.ts";

export interface Worker {
  readonly url: string;
  readonly process: ChildProcess;
  /** What it logged so far. */
  log(): string;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

let unpacked: Promise<string> | undefined;

/** Folder of the release, built and unpacked once. */
export function release(): Promise<string> {
  unpacked ??= buildRelease().then(({ path }) => {
    const folder = mkdtempSync(join(tmpdir(), "relay-release-"));
    execFileSync("tar", ["-xzf", path, "-C", folder]);
    return folder;
  });
  return unpacked;
}

/** Ends with the tests that started it, which hold its standard input. */
export async function startWorker(env: Readonly<Record<string, string>> = {}): Promise<Worker> {
  const port = env.RELAY_PORT ?? (await freePort());
  const child = spawn(process.execPath, [join(await release(), "server.mjs")], {
    env: { PATH: process.env.PATH, RELAY_PORT: String(port), LIFELINE: "stdin", ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let log = "";
  child.stdout?.on("data", (data) => {
    log += data;
  });
  child.stderr?.on("data", (data) => {
    log += data;
  });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries += 1) {
    if (child.exitCode !== null) throw new Error(`the relay ended: ${log}`);
    const up = await fetch(`${url}/health/live`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (up) break;
    if (tries > 200) {
      child.kill("SIGKILL");
      throw new Error(`the relay does not answer: ${log}`);
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return {
    url,
    process: child,
    log: () => log,
    stop: (signal = "SIGTERM") => {
      child.kill(signal);
      return ended;
    },
  };
}
