// A run that is told to end while it still connects.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, expect, test } from "vitest";
import { Converge } from "../../../constructs/host/converge.ts";
import { Host } from "../../../constructs/host/host.ts";
import { synthOutput } from "../../constructs/synth.ts";

const folder = mkdtempSync(join(tmpdir(), "ending-"));
let server: Server;
beforeAll(
  () => void execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, "key")]),
);
afterEach(() => void server.close());

/** Two hosts at one port, where a server takes connections as it is told. */
async function output(accept: (socket: Socket) => void): Promise<string> {
  server = createServer((socket) => accept(socket.on("error", () => {})));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as { port: number };
  return synthOutput((stack) => {
    const hosts = ["a", "b"].map((name) => {
      const hostKey = `SHA256:${"A".repeat(43)}`;
      const ssh = {
        address: "127.0.0.1",
        ports: [port],
        user: "root",
        identity: join(folder, "key"),
        hostKey,
      };
      return new Host(stack, name, { transport: { ssh }, cpus: 1, memory: 512 });
    });
    new Converge(stack, "converge", { stack: "eu", hosts });
  }, "eu");
}

test.for([
  ["SIGINT", 130, "between two attempts", (socket: Socket) => void socket.end(), 3],
  ["SIGTERM", 143, "during an attempt", () => {}, 2],
] as const)("%s ends it with %d %s", async ([signal, code, , accept, connections]) => {
  let seen = 0;
  const cdktfOut = await output((socket) => {
    seen += 1;
    accept(socket);
  });
  const command = ["--import", "tsx", "bin/soundstage.ts", "apply", "--stack", "eu", "--output", cdktfOut];
  const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  await expect.poll(() => seen, { timeout: 20_000 }).toBeGreaterThanOrEqual(connections);
  const began = performance.now();
  const before = seen;
  child.kill(signal);
  expect(await ended).toBe(code);
  expect(performance.now() - began).toBeLessThan(3000);
  // What was on its way when the signal came may still arrive.
  expect(seen - before).toBeLessThanOrEqual(1);
  expect(said).toContain(`${signal} arrived; not begun: a, b\n`);
  expect(said).toContain("0 same, 0 changed, 0 failed, 2 not begun");
});
