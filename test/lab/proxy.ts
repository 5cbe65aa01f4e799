// A private apt-cacher-ng on the lab's bridge: hosts have no other way out, and a second deploy downloads nothing.
import { spawn } from "node:child_process";
import { chownSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { CACHE } from "./base.ts";
import { eventually } from "./run.ts";

const NOBODY = 65534;
const PORT = 3142;

/** Starts it detached, with its settings and logs in `logs`, and returns its pid and address. */
export async function startProxy(logs: string, address: string): Promise<{ pid: number; url: string }> {
  const cache = join(CACHE, "packages");
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
  const child = spawn("apt-cacher-ng", ["-c", logs, "ForeGround=1"], {
    detached: true,
    stdio: ["ignore", log, log],
    uid: NOBODY,
    gid: NOBODY,
    cwd: "/",
  });
  child.unref();
  await eventually(10_000, () => connects(address, PORT));
  return { pid: child.pid as number, url: `http://${address}:${PORT}` };
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
