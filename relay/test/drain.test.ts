import { connect as connectTcp } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { connect } from "./client.ts";
import { stuck } from "./stuck.ts";
import { startWorker, type Worker } from "./worker.ts";

async function start(): Promise<Worker> {
  const worker = await startWorker();
  onTestFinished(() => void worker.process.kill("SIGKILL"));
  return worker;
}

test("on SIGTERM it is not ready, tells its clients, and ends in order", async () => {
  const worker = await start();
  const socket = await connect(worker);
  const told = new Promise<{ delay: number }>((resolve) => socket.once("reconnect", resolve));
  const ended = worker.stop();
  expect((await told).delay).toBeLessThanOrEqual(2000);
  const ready = await fetch(`${worker.url}/health/ready`);
  expect([ready.status, await ready.json()]).toMatchObject([
    503,
    { status: "not ready", reasons: expect.arrayContaining(["draining"]) },
  ]);
  expect(await socket.emitWithAck("join-stream", { stream: "x" })).toMatchObject({ code: "draining" });
  socket.disconnect();
  expect(await ended).toBe(0);
});

test("with a lifeline it ends when what started it lets go of its input", async () => {
  const worker = await start();
  const listener = await connect(worker);
  const ended = new Promise((resolve) => worker.process.once("exit", resolve));
  const told = new Promise((resolve) => listener.once("reconnect", resolve));
  worker.process.stdin?.destroy();
  await told;
  expect(await ended).toBe(0);
});

test("a second signal does not cut what still drains", async () => {
  const worker = await start();
  const socket = await connect(worker);
  const ended = worker.stop("SIGTERM");
  await expect.poll(() => worker.log(), { timeout: 10_000 }).toContain('"signal":"SIGTERM"');
  for (const signal of ["SIGINT", "SIGTERM"] as const) worker.process.kill(signal);
  await expect.poll(() => worker.log(), { timeout: 10_000 }).toContain('"signal":"SIGINT"');
  await new Promise((done) => setTimeout(done, 300));
  expect(await socket.emitWithAck("join-stream", { stream: "x" })).toMatchObject({ code: "draining" });
  socket.disconnect();
  expect(await ended).toBe(0);
});

test("neither a request sent by half nor a client that never reads holds up the end", async () => {
  const worker = await start();
  const { hostname, port } = new URL(worker.url);
  const half = connectTcp({ host: hostname, port: Number(port) });
  half.on("error", () => {});
  onTestFinished(() => void half.destroy());
  await new Promise<void>((done) => half.once("connect", done));
  half.write("GET / HTTP/1.1\r\nHost: ");
  const silent = await stuck(worker);
  onTestFinished(() => silent.end());
  const ended = new Promise((resolve) => worker.process.once("exit", resolve));
  worker.process.stdin?.destroy();
  // It is given one second; what holds it up would do so for a minute, and half of one.
  expect(await Promise.race([ended, new Promise((done) => setTimeout(done, 10_000, "still there"))])).toBe(0);
});
