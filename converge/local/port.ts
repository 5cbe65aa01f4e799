// Whether a TCP port of this machine is free, and who has it.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";

/** Waits a little for one that is about to be left. @returns who listens on it, or undefined when it is free */
export async function portUser(port: number, milliseconds: number): Promise<string | undefined> {
  const end = Date.now() + milliseconds;
  while (!(await isFree(port))) {
    if (Date.now() > end) return listener(port);
    await new Promise((done) => setTimeout(done, 200));
  }
  return undefined;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** The first process of ours that holds a listening socket of the port; that of another user shows none. */
function listener(port: number): string {
  const sockets = new Set(["tcp", "tcp6"].flatMap((table) => listening(table, port)));
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const links = attempt(() => readdirSync(`/proc/${pid}/fd`), []);
    if (links.some((link) => sockets.has(attempt(() => readlinkSync(`/proc/${pid}/fd/${link}`), ""))))
      return `${attempt(() => readFileSync(`/proc/${pid}/comm`, "utf8").trim(), "a process")} (pid ${pid})`;
  }
  return "a process of another user";
}

/** Its sockets that listen, as `/proc/<pid>/fd` names them (proc_pid_net(5)). */
function listening(table: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  return attempt(() => readFileSync(`/proc/net/${table}`, "utf8"), "")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(`:${wanted}`) && state === "0A")
    .map((fields) => `socket:[${fields[9]}]`);
}

/** Processes end while they are looked at. */
function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
