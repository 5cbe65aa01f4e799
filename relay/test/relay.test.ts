import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { io, type Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { buildRelease } from "../build.ts";
import { encodeChunk } from "../shared/chunk.ts";
import { freePort, startWorker, type Worker } from "./worker.ts";

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.disconnect();
});

async function connect({ url }: Worker, transports = ["websocket"]): Promise<Socket> {
  const socket = io(url, { transports, forceNew: true });
  sockets.push(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
  return socket;
}

function numbered(sequence: number): Uint8Array {
  return encodeChunk({
    sequence,
    mediaTime: sequence * 2880,
    captureTime: Date.now(),
    channels: 2,
    packets: [Uint8Array.of(0xfc, sequence & 255, 1), Uint8Array.of(0xfc, 2)],
  });
}

function sequencesOf(socket: Socket): number[] {
  const heard: number[] = [];
  socket.on("audio-data", (_stream: string, chunk: Uint8Array) =>
    heard.push(Buffer.from(chunk).readUInt32LE(4)),
  );
  return heard;
}

describe("one worker", () => {
  let worker: Worker;
  beforeAll(async () => {
    worker = await startWorker({ RELAY_REGION: "test" });
  });
  afterAll(() => worker.stop());

  test("listeners over WebSocket and polling hear every chunk in order", async () => {
    const [source, ...listeners] = await Promise.all([
      connect(worker),
      connect(worker),
      connect(worker, ["polling"]),
    ]);
    expect(
      await source.emitWithAck("start-broadcast", { stream: "one", title: "One", bitrate: 96 }),
    ).toMatchObject({ ok: true, info: { title: "One", bitrate: 96, region: "test" } });
    const heard = listeners.map(sequencesOf);
    for (const listener of listeners)
      expect(await listener.emitWithAck("join-stream", { stream: "one" })).toMatchObject({ ok: true });
    for (let n = 0; n < 40; n += 1) source.emit("audio-chunk", numbered(n));
    const all = Array.from({ length: 40 }, (_, n) => n);
    await expect.poll(() => heard.map((list) => list.length), { timeout: 5000 }).toEqual([40, 40]);
    expect(heard).toEqual([all, all]);
  });

  test("a broadcast ends with its connection, and its name is free again", async () => {
    const [source, listener] = await Promise.all([connect(worker), connect(worker)]);
    await source.emitWithAck("start-broadcast", { stream: "two" });
    await listener.emitWithAck("join-stream", { stream: "two" });
    const ended = new Promise((resolve) => listener.once("stream-ended", resolve));
    expect(await listener.emitWithAck("start-broadcast", { stream: "two" })).toMatchObject({
      ok: false,
      code: "stream-taken",
    });
    source.disconnect();
    expect(await ended).toEqual({ stream: "two", reason: "disconnected" });
    expect(await listener.emitWithAck("start-broadcast", { stream: "two" })).toMatchObject({ ok: true });
  });

  test("who waits for a stream hears it begin, and a change of its bitrate", async () => {
    const [source, listener] = await Promise.all([connect(worker), connect(worker)]);
    expect(await listener.emitWithAck("join-stream", { stream: "three" })).toMatchObject({
      ok: false,
      code: "no-such-stream",
    });
    const heard = sequencesOf(listener);
    const changed = new Promise((resolve) => listener.once("bitrate-change", resolve));
    await source.emitWithAck("start-broadcast", { stream: "three" });
    expect(await source.emitWithAck("audio-chunk", numbered(0))).toEqual({ ok: true });
    expect(await source.emitWithAck("bitrate-change", { bitrate: 64 })).toEqual({ ok: true });
    expect(await changed).toEqual({ stream: "three", bitrate: 64 });
    expect(heard).toEqual([0]);
  });

  test.for([
    ["start-broadcast", { stream: "../etc" }, "bad-request"],
    ["start-broadcast", { stream: "x", bitrate: 97 }, "bad-request"],
    ["start-broadcast", { stream: "x", admin: true }, "bad-request"],
    ["start-broadcast", null, "bad-request"],
    ["join-stream", { stream: ["x"] }, "bad-request"],
    ["stream-info", { stream: "nobody" }, "no-such-stream"],
    ["audio-chunk", numbered(0), "not-broadcasting"],
    ["bitrate-change", { bitrate: 64 }, "not-broadcasting"],
  ] as const)("%s %j is refused as %s", async ([event, request, code]) => {
    const socket = await connect(worker);
    expect(await socket.emitWithAck(event, request)).toMatchObject({ ok: false, code });
  });

  test("malformed and repeated chunks are refused, and what is right goes on", async () => {
    const socket = await connect(worker);
    await socket.emitWithAck("start-broadcast", { stream: "four" });
    expect(await socket.emitWithAck("audio-chunk", "text")).toMatchObject({ code: "bad-chunk" });
    expect(await socket.emitWithAck("audio-chunk", Buffer.alloc(10))).toMatchObject({ code: "bad-chunk" });
    expect(await socket.emitWithAck("audio-chunk", numbered(5))).toEqual({ ok: true });
    expect(await socket.emitWithAck("audio-chunk", numbered(5))).toMatchObject({
      code: "bad-chunk",
      message: "sequence 5 does not follow 5",
    });
    expect(await socket.emitWithAck("audio-chunk", numbered(6))).toEqual({ ok: true });
  });

  test("a flood is refused, a message that is too large ends its connection, and the worker lives on", async () => {
    const [flood, large] = await Promise.all([connect(worker), connect(worker)]);
    await flood.emitWithAck("start-broadcast", { stream: "flood" });
    const answers = await Promise.all(
      Array.from({ length: 400 }, (_, n) => flood.emitWithAck("audio-chunk", numbered(n))),
    );
    expect(answers.filter(({ code }) => code === "rate-limited").length).toBeGreaterThan(100);
    const closed = new Promise((resolve) => large.once("disconnect", resolve));
    large.emit("audio-chunk", Buffer.alloc(200_000));
    await closed;
    // Events without the acknowledgement that the protocol asks for, and events that it does not know.
    flood.emit("start-broadcast");
    flood.emit("join-stream", {});
    flood.emit("drop-tables", { a: 1 });
    expect((await fetch(`${worker.url}/health/live`)).status).toBe(200);
  });

  test("a page of another origin may not connect", async () => {
    const refused = await fetch(`${worker.url}/socket.io/?EIO=4&transport=polling`, {
      headers: { origin: "https://elsewhere.test" },
    });
    expect(refused.status).toBe(403);
    const own = await fetch(`${worker.url}/socket.io/?EIO=4&transport=polling`, {
      headers: { origin: worker.url },
    });
    expect(own.status).toBe(200);
  });

  test("pages are served with their policies, assets for ever, and nothing else is", async () => {
    const page = await fetch(worker.url);
    const html = await page.text();
    expect(page.headers.get("content-security-policy")).toContain("default-src 'self'");
    const asset = /src="(\/assets\/player-[A-Z0-9]+\.js)"/.exec(html)?.[1] as string;
    expect((await fetch(worker.url + asset)).headers.get("cache-control")).toContain("immutable");
    for (const path of ["/server.mjs", "/../package.json", "/%2e%2e/package.json", "/nothing"])
      expect((await fetch(worker.url + path)).status).toBe(404);
    expect((await fetch(worker.url, { method: "POST" })).status).toBe(405);
  });
});

test("a token that broadcasters need is asked for", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "token-")), "token");
  writeFileSync(file, "of the test\n");
  const worker = await startWorker({ RELAY_BROADCAST_TOKEN_FILE: file });
  const socket = await connect(worker);
  expect(await socket.emitWithAck("start-broadcast", { stream: "x", token: "another" })).toMatchObject({
    code: "unauthorized",
  });
  expect(await socket.emitWithAck("start-broadcast", { stream: "x", token: "of the test" })).toMatchObject({
    ok: true,
  });
  expect(worker.log()).not.toContain("of the test");
  await worker.stop();
});

test("on SIGTERM it is not ready, tells its clients, and ends in order", async () => {
  const worker = await startWorker();
  const socket = await connect(worker);
  const told = new Promise<{ delay: number }>((resolve) => socket.once("reconnect", resolve));
  const ended = worker.stop();
  expect((await told).delay).toBeLessThanOrEqual(2000);
  const ready = await fetch(`${worker.url}/health/ready`);
  expect([ready.status, await ready.json()]).toEqual([503, { status: "not ready", reasons: ["draining"] }]);
  socket.disconnect();
  expect(await ended).toBe(0);
});

test("with a lifeline it ends when what started it lets go of its input", async () => {
  const worker = await startWorker({ LIFELINE: "stdin" });
  const listener = await connect(worker);
  const ended = new Promise((resolve) => worker.process.once("exit", resolve));
  const told = new Promise((resolve) => listener.once("reconnect", resolve));
  worker.process.stdin?.destroy();
  await told;
  expect(await ended).toBe(0);
});

const noRedis =
  spawnSync("redis-server", ["--version"]).status === 0
    ? ""
    : " (the Debian package redis-server is not installed)";
describe.skipIf(noRedis)(`two workers that share a Redis${noRedis}`, () => {
  let redis: ChildProcess;
  let port: number;
  let workers: [Worker, Worker];
  const startRedis = () =>
    spawn("redis-server", ["--port", String(port), "--save", "", "--bind", "127.0.0.1"], { stdio: "ignore" });

  beforeAll(async () => {
    port = await freePort();
    redis = startRedis();
    const env = { RELAY_REDIS_URL: `redis://127.0.0.1:${port}` };
    workers = await Promise.all([
      startWorker({ ...env, RELAY_INSTANCE: "a" }),
      startWorker({ ...env, RELAY_INSTANCE: "b" }),
    ]);
    for (const { url } of workers)
      await vi.waitFor(async () => expect((await fetch(`${url}/health/ready`)).status).toBe(200), {
        timeout: 10_000,
        interval: 100,
      });
  });
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    redis.kill();
  });

  test("a broadcaster on one is heard on the other in order, and its name is taken on both", async () => {
    const [source, listener] = await Promise.all([connect(workers[0]), connect(workers[1])]);
    expect(await source.emitWithAck("start-broadcast", { stream: "far" })).toMatchObject({
      info: { instance: "a" },
    });
    expect(await listener.emitWithAck("join-stream", { stream: "far" })).toMatchObject({
      ok: true,
      info: { instance: "b" },
    });
    expect(await listener.emitWithAck("start-broadcast", { stream: "far" })).toMatchObject({
      code: "stream-taken",
    });
    const heard = sequencesOf(listener);
    for (let n = 0; n < 60; n += 1) source.emit("audio-chunk", numbered(n));
    await expect.poll(() => heard.length, { timeout: 5000 }).toBe(60);
    expect(heard).toEqual(Array.from({ length: 60 }, (_, n) => n));
  });

  test("without Redis a worker is not ready, serves its own, and mends itself", async () => {
    const ready = async () => (await fetch(`${workers[0].url}/health/ready`)).status;
    redis.kill("SIGKILL");
    await expect.poll(ready, { timeout: 10_000 }).toBe(503);
    const [source, listener] = await Promise.all([connect(workers[0]), connect(workers[0])]);
    await source.emitWithAck("start-broadcast", { stream: "near" });
    await listener.emitWithAck("join-stream", { stream: "near" });
    const heard = sequencesOf(listener);
    for (let n = 0; n < 5; n += 1) source.emit("audio-chunk", numbered(n));
    await expect.poll(() => heard, { timeout: 5000 }).toEqual([0, 1, 2, 3, 4]);
    redis = startRedis();
    await expect.poll(ready, { timeout: 20_000 }).toBe(200);
  });
});

test("one source gives one release, wherever it lies", { timeout: 60_000 }, async () => {
  const first = await buildRelease();
  const elsewhere = mkdtempSync(join(tmpdir(), "checkout-"));
  cpSync(join(import.meta.dirname, ".."), join(elsewhere, "relay"), {
    recursive: true,
    filter: (path) =>
      !/\/(dist|test|node_modules)(\/|$)/.test(path.slice(join(import.meta.dirname, "..").length)),
  });
  for (const name of ["package.json", "tsconfig.json"])
    cpSync(join(import.meta.dirname, "../..", name), join(elsewhere, name));
  spawnSync("ln", ["-s", join(import.meta.dirname, "../../node_modules"), join(elsewhere, "node_modules")]);
  const { stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", "release.ts"], {
    cwd: join(elsewhere, "relay"),
    encoding: "utf8",
  });
  expect([stderr, stdout]).toEqual(["", expect.stringContaining(`sha256 ${first.sha256}`)]);
});
