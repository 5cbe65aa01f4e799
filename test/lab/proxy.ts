// A private apt-cacher-ng on the lab's bridge: hosts have no other way out, and a second deploy downloads nothing.
import { type ChildProcess, spawn } from "node:child_process";
import { chownSync, closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { CACHE } from "./base.ts";
import { type Process, processOf } from "./processes.ts";
import { eventually } from "./run.ts";

const NOBODY = 65534;
const PORT = 3142;
const TAKEN = 75;
const LABS = 16;

/** Starts it detached, with its settings and logs in `logs`; it runs on until it is told to end. */
export async function startProxy(logs: string, address: string): Promise<{ process: Process; url: string }> {
  // Two proxies on one cache would write over each other's downloads: each lab holds one of its own.
  for (let number = 1; number <= LABS; number += 1) {
    const cache = join(CACHE, number === 1 ? "packages" : `packages-${number}`);
    const child = spawnProxy(logs, cache, address);
    let exit: number | undefined;
    child.once("exit", (code) => {
      exit = code ?? 255;
    });
    await eventually(10_000, async () => {
      if (exit === undefined) await connects(address, PORT);
    });
    if (exit === undefined)
      return { process: processOf(child.pid as number), url: `http://${address}:${PORT}` };
    if (exit !== TAKEN)
      throw new Error(`apt-cacher-ng: exit ${exit}\n${readFileSync(join(logs, "output"), "utf8")}`);
  }
  throw new Error(`${LABS} labs hold a package cache in ${CACHE}: stop one`);
}

function spawnProxy(logs: string, cache: string, address: string): ChildProcess {
  for (const path of [cache, logs]) {
    mkdirSync(path, { recursive: true });
    chownSync(path, NOBODY, NOBODY);
  }
  writeFileSync(
    join(logs, "acng.conf"),
    `CacheDir: ${cache}\nLogDir: ${logs}\nSocketPath: ${logs}/socket\nPidFile: ${logs}/pid\n` +
      `SupportDir: /usr/lib/apt-cacher-ng\nPort: ${PORT}\nBindAddress: ${address}\nPassThroughPattern: .*:443$\n`,
  );
  const log = openSync(join(logs, "output"), "a");
  const lock = ["--no-fork", "--nonblock", "--conflict-exit-code", String(TAKEN), cache];
  const child = spawn("flock", [...lock, "apt-cacher-ng", "-c", logs, "ForeGround=1"], {
    detached: true,
    stdio: ["ignore", log, log],
    uid: NOBODY,
    gid: NOBODY,
    cwd: "/",
  });
  closeSync(log);
  child.unref();
  return child;
}

/** Resolves when something listens there. */
export function connects(address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, timeout: 1000 });
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.once("timeout", () => socket.destroy(new Error(`${address}:${port} does not answer`)));
    socket.once("error", reject);
  });
}
