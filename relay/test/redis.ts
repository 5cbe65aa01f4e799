// A real Redis, and workers that share it.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { expect, vi } from "vitest";
import { freePort } from "./port.ts";
import { startWorker, type Worker } from "./worker.ts";

export const noRedis =
  spawnSync("redis-server", ["--version"]).status === 0
    ? ""
    : " (the Debian package redis-server is not installed)";

export class Redis {
  readonly port: number;
  #process: ChildProcess;

  private constructor(port: number) {
    this.port = port;
    this.#process = serve(port);
  }

  static async start(): Promise<Redis> {
    return new Redis(await freePort());
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  startAgain(): void {
    this.#process = serve(this.port);
  }

  /** A worker for each instance's name, once it is connected. */
  workers(...instances: string[]): Promise<Worker[]> {
    return Promise.all(
      instances.map(async (RELAY_INSTANCE) => {
        const worker = await startWorker({ RELAY_REDIS_URL: this.url, RELAY_INSTANCE });
        await vi.waitFor(async () => expect((await fetch(`${worker.url}/health/ready`)).status).toBe(200), {
          timeout: 10_000,
          interval: 100,
        });
        return worker;
      }),
    );
  }
}

/** Ends with the tests that started it. */
function serve(port: number): ChildProcess {
  const options = ["--port", String(port), "--save", "", "--bind", "127.0.0.1"];
  return spawn("setpriv", ["--pdeathsig", "KILL", "redis-server", ...options], { stdio: "ignore" });
}
