import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { ConvergeFault, UnreachableFault } from "../../../converge/fault.ts";
import { Secrets } from "../../../converge/secrets/secrets.ts";
import { Access } from "../../../converge/ssh/access.ts";
import { Dial, LIMITS, networkOf } from "../../../converge/ssh/dial.ts";
import { Ssh } from "../../../converge/ssh/ssh.ts";

const folder = mkdtempSync(join(tmpdir(), "dial-"));
beforeAll(
  () => void execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, "key")]),
);

test.for([
  ["10.1.2.3", "10.1.2"],
  ["2001:db8::1", "2001:db8:0:0"],
  ["2001:0db8:0:0:ffff::2", "2001:db8:0:0"],
  ["::1", "0:0:0:0"],
  ["db.example.net", "db.example.net"],
] as const)("the network of %s is %s", ([address, network]) => {
  expect(networkOf(address)).toBe(network);
});

test("connections to a network keep their pace, those to one server their number, whoever waits", async () => {
  const dial = new Dial({ ...LIMITS, perSecond: 50, burst: 5, handshakes: 3 });
  const running = new Map<string, number>();
  let most = 0;
  const began = performance.now();
  const at: number[] = [];
  const open = (server: string) =>
    dial.open(server, async () => {
      at.push(performance.now() - began);
      running.set(server, (running.get(server) ?? 0) + 1);
      most = Math.max(most, running.get(server) as number);
      await new Promise((done) => setTimeout(done, 5));
      running.set(server, (running.get(server) as number) - 1);
    });
  await Promise.all(Array.from({ length: 20 }, (_, index) => open(`10.0.0.${index % 2}`)));
  expect(most).toBe(3);
  expect(at).toHaveLength(20);
  // Five at once, the others a fiftieth of a second apart.
  expect(at.at(-1)).toBeGreaterThan(14 * 20);
  expect(at[4]).toBeLessThan(14 * 20);
});

test("what may pass is tried again, later each time; what will not is not", async () => {
  const dial = new Dial({ ...LIMITS, attempts: 4, backoffMs: 20 });
  let attempts = 0;
  const fails = (fault: Error, times: number) => async () => {
    attempts += 1;
    if (attempts <= times) throw fault;
    return "open";
  };
  const began = performance.now();
  expect(await dial.open("a", fails(new UnreachableFault("boots", true), 3))).toBe("open");
  // 20, 40 and 80 ms, of which jitter leaves at least a half.
  expect(performance.now() - began).toBeGreaterThan(69);
  attempts = 0;
  await expect(dial.open("a", fails(new UnreachableFault("boots", true), 9))).rejects.toThrow(
    "boots (tried 4 times)",
  );
  for (const fault of [new UnreachableFault("no route"), new ConvergeFault("another key")]) {
    attempts = 0;
    await expect(dial.open("a", fails(fault, 9))).rejects.toBe(fault);
    expect(attempts).toBe(1);
  }
});

test.for([
  ["closes before its banner", "end", "", true],
  ["takes no more for now", "end", "Exceeded MaxStartups\r\n", true],
  ["ends before its key, as one that takes up its configuration", "end", "SSH-2.0-OpenSSH_9.2\r\n", true],
  ["resets before its key", "reset", "SSH-2.0-OpenSSH_9.2\r\n", true],
  ["is no SSH server", "end", "SSH-1.0-other\r\n", false],
] as const)("a server that %s", async ([, how, banner, transient]) => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    if (how === "end") socket.end(banner);
    else socket.write(banner, () => setTimeout(() => socket.resetAndDestroy(), 50));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as { port: number };
  const connection = {
    host: "a",
    address: "127.0.0.1",
    ports: [port],
    user: "root",
    hostKey: `SHA256:${"A".repeat(43)}`,
  };
  await expect(
    Ssh.connect({ ...connection, identity: "key" }, new Access(folder, new Secrets(folder))),
  ).rejects.toMatchObject({
    name: "UnreachableFault",
    transient,
  });
  server.close();
});

test.for([
  ["a port that nobody listens on", "127.0.0.1", [9], true],
  ["a name that does not resolve", "soundstage.invalid", [22], true],
] as const)("%s may pass", async ([, address, ports, transient]) => {
  const connection = { host: "a", address, ports, user: "root", hostKey: `SHA256:${"A".repeat(43)}` };
  await expect(
    Ssh.connect({ ...connection, identity: "key" }, new Access(folder, new Secrets(folder))),
  ).rejects.toMatchObject({
    name: "UnreachableFault",
    transient,
  });
});

test("no attempt begins when it is told to end, and what waits for one ends at once", async () => {
  const dial = new Dial({ ...LIMITS, handshakes: 1, backoffMs: 60_000 });
  const ending = new AbortController();
  let attempts = 0;
  const open = () =>
    dial.open(
      "a",
      async () => {
        attempts += 1;
        throw new UnreachableFault("boots", true);
      },
      ending.signal,
    );
  const waiting = [open(), open()];
  await expect.poll(() => attempts).toBe(2);
  ending.abort();
  for (const each of [...waiting, open()])
    await expect(each).rejects.toMatchObject({ name: "NotBegunFault" });
  expect(attempts).toBe(2);
});
