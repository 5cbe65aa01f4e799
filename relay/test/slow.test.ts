import { afterEach, describe, expect, test } from "vitest";
import { Backlog, BURST, MOST_AUDIO, MOST_BYTES, PATIENCE } from "../server/backlog.ts";
import type { SlowFacts } from "../server/slow.ts";
import { encodeChunk } from "../shared/chunk.ts";
import { connect } from "./client.ts";
import { noRedis, Redis } from "./redis.ts";
import { type Stuck, stuck } from "./stuck.ts";
import { startWorker, type Worker } from "./worker.ts";

describe("what waits for one client", () => {
  const CHUNK = [480, 60] as const;
  function filled(chunks: number): Backlog {
    const backlog = new Backlog();
    for (let n = 0; n < chunks; n += 1) backlog.written(...CHUNK, 0);
    return backlog;
  }

  test("a burst passes whole, and so does what follows it once it has left", () => {
    const backlog = filled(50);
    expect(backlog.takes(...CHUNK, BURST)).toBe(true);
    for (let n = 0; n < 50; n += 1) backlog.left(...CHUNK, BURST);
    expect(backlog.takes(...CHUNK, BURST + 1)).toBe(true);
  });

  test("a second of audio that stays is the most that waits", () => {
    const backlog = filled(Math.floor(MOST_AUDIO / 60) - 1);
    expect(backlog.takes(...CHUNK, 10_000)).toBe(true);
    backlog.written(...CHUNK, 10_000);
    expect(backlog.takes(...CHUNK, 10_000)).toBe(false);
  });

  test("who lost chunks must catch up; to take some of it is not enough", () => {
    const [slow, catchesUp] = [filled(20), filled(20)];
    for (const backlog of [slow, catchesUp]) expect(backlog.takes(...CHUNK, 2_000)).toBe(false);
    for (let n = 0; n < 20; n += 1) catchesUp.left(...CHUNK, 2_000);
    slow.left(...CHUNK, 10_000);
    const at = [2_000 + PATIENCE, 2_001 + PATIENCE] as const;
    expect(at.map((now) => slow.lost(now))).toEqual([false, true]);
    expect(at.map((now) => catchesUp.lost(now))).toEqual([false, false]);
  });

  test("who takes nothing at all is lost, however little waits", () => {
    const [silent, idle] = [filled(1), filled(1)];
    idle.left(...CHUNK, 1);
    const at = [PATIENCE, PATIENCE + 1] as const;
    expect(at.map((now) => silent.lost(now))).toEqual([false, true]);
    expect(at.map((now) => idle.lost(now))).toEqual([false, false]);
  });

  test("bytes are the last guard, where they stay: audio is not written over them, anything else ends the client", () => {
    const backlog = new Backlog();
    backlog.written(MOST_BYTES, 0, 0);
    const at = [BURST, BURST + 1] as const;
    expect(at.map((now) => backlog.takes(1, 60, now))).toEqual([true, false]);
    expect(at.map((now) => backlog.lost(now))).toEqual([false, false]);
    backlog.written(1, 0, 0);
    expect(at.map((now) => backlog.lost(now))).toEqual([false, true]);
  });
});

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function slowFacts({ url }: Worker): Promise<SlowFacts> {
  return ((await (await fetch(`${url}/health`)).json()) as { slow: SlowFacts }).slow;
}

/** 120 ms; the largest packets make 7.7 kB of them. */
function chunk(sequence: number, bytes: number): Uint8Array {
  return encodeChunk({
    sequence,
    mediaTime: sequence * 5760,
    captureTime: Date.now(),
    channels: 2,
    packets: Array.from({ length: 6 }, () => new Uint8Array(bytes).fill(0xfc)),
  });
}

interface Audience {
  readonly silent: Stuck;
  /** How many chunks each of those who read has heard. */
  heard(): number[];
}

/** One that never reads, one that reads its WebSocket and one that polls. */
async function audience(worker: Worker): Promise<Audience> {
  const silent = await stuck(worker);
  ends.push(() => silent.end());
  silent.send('420["join-stream",{"stream":"live"}]');
  const readers = [await connect(worker), await connect(worker, "polling")];
  const heard = readers.map(() => 0);
  for (const [index, reader] of readers.entries()) {
    reader.on("audio-data", () => {
      heard[index] = (heard[index] ?? 0) + 1;
    });
    await reader.emitWithAck("join-stream", { stream: "live" });
  }
  const listeners = async () =>
    ((await (await fetch(`${worker.url}/health`)).json()) as { listeners: number }).listeners;
  await expect.poll(listeners, { timeout: 10_000 }).toBe(3);
  return { silent, heard: () => heard };
}

/**
 * Broadcasts on `origin` what a kernel takes for a connection (2.6 MB over loopback, so broadcasters take turns:
 * each may send one burst), until something waits at `edge`, and then small chunks in their time.
 */
async function broadcastTo({ heard }: Audience, edge: Worker, origin: Worker): Promise<void> {
  let sent = 0;
  const hear = () => expect.poll(heard, { timeout: 10_000 }).toEqual([sent, sent]);
  // More than may be on its way to those who read.
  while ((await slowFacts(edge)).waiting < 120_000) {
    const source = await connect(origin);
    await source.emitWithAck("start-broadcast", { stream: "live" });
    for (let n = 0; n < 10; n += 1) await source.emitWithAck("audio-chunk", chunk(n, 1276));
    sent += 10;
    await hear();
    await source.emitWithAck("stop-broadcast");
    source.disconnect();
  }
  const source = await connect(origin);
  await source.emitWithAck("start-broadcast", { stream: "live" });
  for (let n = 0; n < 30; n += 1) {
    await source.emitWithAck("audio-chunk", chunk(n, 600));
    await new Promise((done) => setTimeout(done, 120));
  }
  sent += 30;
  await hear();
  const facts = await slowFacts(edge);
  // A second holds 8 of the 30.
  expect(facts.skipped).toBeGreaterThan(20);
  expect(facts.waiting).toBeLessThan(MOST_BYTES);
  expect(facts.disconnected).toBe(0);
}

test("a listener that never reads loses chunks, then its connection; the others lose nothing", {
  timeout: 90_000,
}, async () => {
  const worker = await startWorker();
  ends.push(() => worker.stop("SIGKILL"));
  const listeners = await audience(worker);
  const { silent } = listeners;
  await broadcastTo(listeners, worker, worker);
  await expect.poll(() => silent.closed, { timeout: 30_000, interval: 500 }).toBe(true);
  expect(await slowFacts(worker)).toMatchObject({ waiting: 0, disconnected: 1 });
  expect(worker.log()).toContain('"reason":"slow-listener"');
});

test("who asks or pings without end and never reads is cut off", { timeout: 60_000 }, async () => {
  const worker = await startWorker();
  ends.push(() => worker.stop("SIGKILL"));
  const asks = await stuck(worker);
  const pings = await stuck(worker);
  ends.push(() => [asks, pings].map((one) => one.end()));
  const timers = [
    setInterval(() => {
      // Beyond its rate each is refused, and the refusal waits as well.
      for (let n = 0; n < 2_000; n += 1) asks.send('421["stream-info",{"stream":"nobody"}]');
    }, 50),
    setInterval(() => pings.ping(2_000), 50),
  ];
  ends.push(() => timers.map(clearInterval));
  await expect.poll(() => [asks.closed, pings.closed], { timeout: 40_000 }).toEqual([true, true]);
  expect(await slowFacts(worker)).toMatchObject({ disconnected: 2 });
});

test.skipIf(noRedis)(
  `the bound holds for what comes from another worker through Redis${noRedis}`,
  {
    timeout: 90_000,
  },
  async () => {
    const redis = await Redis.start();
    ends.push(() => redis.kill("SIGKILL"));
    const [origin, edge] = await redis.workers("origin", "edge");
    if (!origin || !edge) throw new Error("two workers were started");
    ends.push(() => Promise.all([origin.stop("SIGKILL"), edge.stop("SIGKILL")]));
    await broadcastTo(await audience(edge), edge, origin);
    expect(await slowFacts(origin)).toEqual({ waiting: 0, skipped: 0, disconnected: 0 });
  },
);
