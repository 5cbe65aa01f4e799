import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildRelease } from "../build.ts";
import { connect, numbered, sequencesOf } from "./client.ts";
import { startWorker, type Worker } from "./worker.ts";

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
      connect(worker, "polling"),
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
      Array.from({ length: 1_000 }, (_, n) => flood.emitWithAck("audio-chunk", numbered(n))),
    );
    expect(answers.some(({ code }) => code === "rate-limited")).toBe(true);
    const closed = new Promise((resolve) => large.once("disconnect", resolve));
    large.emit("audio-chunk", Buffer.alloc(200_000));
    await closed;
    expect((await fetch(`${worker.url}/health/live`)).status).toBe(200);
  });

  test("events that the protocol does not know, or without the answer it asks for, do no harm", async () => {
    const socket = await connect(worker);
    socket.emit("start-broadcast");
    socket.emit("join-stream", {});
    socket.emit("stream-info", { stream: "x" }, "no function");
    socket.emit("bitrate-change", null);
    socket.emit("audio-chunk");
    socket.emit("drop-tables", { a: 1 });
    expect(await socket.emitWithAck("join-stream", { stream: "x" })).toMatchObject({
      code: "no-such-stream",
    });
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
    const policy = page.headers.get("content-security-policy");
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("connect-src 'self';");
    const asset = /src="(\/assets\/player-[A-Z0-9]+\.js)"/.exec(html)?.[1] as string;
    expect((await fetch(worker.url + asset)).headers.get("cache-control")).toContain("immutable");
    for (const path of ["/server.mjs", "/../package.json", "/%2e%2e/package.json", "/nothing"])
      expect(await statusOf(worker, path)).toBe(404);
    expect((await fetch(worker.url, { method: "POST" })).status).toBe(405);
  });
});

/** As it is written: `fetch` would resolve `..` itself. */
function statusOf({ url }: Worker, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) =>
    request({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .once("error", reject)
      .end(),
  );
}

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
  await worker.stop("SIGKILL");
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
