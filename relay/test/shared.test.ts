import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect, numbered, sequencesOf } from "./client.ts";
import { noRedis, Redis } from "./redis.ts";
import type { Worker } from "./worker.ts";

describe.skipIf(noRedis)(`two workers that share a Redis${noRedis}`, () => {
  let redis: Redis;
  let a: Worker;
  let b: Worker;

  beforeAll(async () => {
    redis = await Redis.start();
    [a, b] = (await redis.workers("a", "b")) as [Worker, Worker];
  });
  afterAll(async () => {
    await Promise.all([a, b].map((worker) => worker?.stop("SIGKILL")));
    redis.kill("SIGKILL");
  });

  async function keys<T>(ask: (client: ReturnType<typeof createClient>) => Promise<T>): Promise<T> {
    const client = createClient({ url: redis.url });
    await client.connect();
    try {
      return await ask(client as never);
    } finally {
      client.destroy();
    }
  }

  test("a broadcaster on one is heard on the other in order, and its name is taken on both", async () => {
    const [source, listener] = await Promise.all([connect(a), connect(b)]);
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
    await expect.poll(() => heard.length, { timeout: 10_000 }).toBe(60);
    expect(heard).toEqual(Array.from({ length: 60 }, (_, n) => n));
  });

  test("a broadcaster whose name was taken is told so, and listeners go on with the other one", async () => {
    const [first, second, listener] = await Promise.all([connect(a), connect(b), connect(a)]);
    await first.emitWithAck("start-broadcast", { stream: "taken" });
    await listener.emitWithAck("join-stream", { stream: "taken" });
    const ends: unknown[] = [];
    listener.on("stream-ended", (end) => ends.push(end));
    const told = new Promise((resolve) => first.once("stream-ended", resolve));
    // As when Redis lost its memory while the first worker could not reach it.
    await keys((client) => client.del("soundstage:stream:taken"));
    expect(await second.emitWithAck("start-broadcast", { stream: "taken" })).toMatchObject({ ok: true });
    expect(await told).toEqual({ stream: "taken", reason: "taken" });
    expect(await first.emitWithAck("audio-chunk", numbered(0))).toMatchObject({ code: "not-broadcasting" });
    const heard = sequencesOf(listener);
    await second.emitWithAck("audio-chunk", numbered(0));
    await expect.poll(() => heard, { timeout: 10_000 }).toEqual([0]);
    expect(ends).toEqual([]);
  });

  test("a stop that comes while Redis is still asked for the name is not forgotten", async () => {
    const source = await connect(a);
    redis.kill("SIGSTOP");
    const started = source.emitWithAck("start-broadcast", { stream: "short" });
    const stopped = source.emitWithAck("stop-broadcast");
    await new Promise((done) => setTimeout(done, 200));
    redis.kill("SIGCONT");
    expect(await started).toMatchObject({ ok: true });
    expect(await stopped).toEqual({ ok: true });
    expect(await source.emitWithAck("stream-info", { stream: "short" })).toMatchObject({
      code: "no-such-stream",
    });
  });

  test("listeners are told how many they are on both, and names that somebody made up are not counted", async () => {
    const [source, here, there] = await Promise.all([connect(a), connect(a), connect(b)]);
    await source.emitWithAck("start-broadcast", { stream: "counted" });
    for (const listener of [here, there]) await listener.emitWithAck("join-stream", { stream: "counted" });
    const invented = await connect(a);
    await invented.emitWithAck("join-stream", { stream: "invented" });
    let count = 0;
    here.on("stream-info", ({ listeners }) => {
      count = listeners;
    });
    await expect.poll(() => count, { timeout: 10_000 }).toBe(2);
    expect(
      await keys((client) =>
        client.exists(["soundstage:listeners:counted", "soundstage:listeners:invented"]),
      ),
    ).toBe(1);
  });

  test("without Redis a worker is not ready, serves its own, and mends itself", async () => {
    const ready = async () => (await fetch(`${a.url}/health/ready`)).status;
    redis.kill("SIGKILL");
    await expect.poll(ready, { timeout: 10_000 }).toBe(503);
    const [source, listener] = await Promise.all([connect(a), connect(a)]);
    await source.emitWithAck("start-broadcast", { stream: "near" });
    await listener.emitWithAck("join-stream", { stream: "near" });
    const heard = sequencesOf(listener);
    for (let n = 0; n < 5; n += 1) source.emit("audio-chunk", numbered(n));
    await expect.poll(() => heard, { timeout: 10_000 }).toEqual([0, 1, 2, 3, 4]);
    redis.startAgain();
    await expect.poll(ready, { timeout: 20_000 }).toBe(200);
  });
});
