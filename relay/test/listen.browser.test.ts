import { setTimeout as sleep } from "node:timers/promises";
import { Application, createEncoder } from "libopus-wasm";
import type { Page } from "playwright-core";
import type { Socket } from "socket.io-client";
import { describe, expect, onTestFinished, test } from "vitest";
import { encodeChunk } from "../shared/chunk.ts";
import { noChromium, open, openedBy, PATIENT, rmsOf, stage, stateOf, statsOf } from "./chromium.ts";
import { connect } from "./client.ts";
import { startWorker, type Worker } from "./worker.ts";

describe.skipIf(noChromium)(`the listener's page${noChromium}`, () => {
  const on = stage();

  const play = (page: Page) => page.getByRole("button", { name: "Play" }).click();
  const listeners = async ({ url }: Worker) =>
    ((await (await fetch(`${url}/health`)).json()) as { listeners: number }).listeners;

  test("a person presses play and hears the broadcast, and after stop nothing", async () => {
    const sockets: string[] = [];
    const page = await open(on.browser, on.worker.url, {}, async (fresh) => {
      fresh.on("websocket", (socket) => sockets.push(socket.url()));
    });
    await expect.poll(() => page.locator("#state").textContent(), PATIENT).toBe("On air");
    await play(page);
    await expect.poll(() => stateOf(page), PATIENT).toBe("playing");
    await expect.poll(() => rmsOf(page), PATIENT).toBeGreaterThan(0.01);
    await page.waitForTimeout(2500);
    const stats = await statsOf(page);
    expect(stats.lost).toBe(0);
    expect(stats.sequence).toBeGreaterThan(30);
    expect(await page.locator("#latency").textContent()).toMatch(/^\d+ ms$/);
    // The policy of the page allows it.
    expect(sockets).toEqual([expect.stringContaining("transport=websocket")]);
    await page.getByRole("button", { name: "Stop" }).click();
    await expect.poll(() => openedBy(page), PATIENT).toEqual({ contexts: ["closed"], tracks: [] });
    await expect.poll(() => listeners(on.worker), PATIENT).toBe(0);
  });

  test("stop before the sound is there is not forgotten", async () => {
    const page = await open(on.browser, on.worker.url, {}, (fresh) =>
      fresh.addInitScript(() => {
        const add = AudioWorklet.prototype.addModule;
        AudioWorklet.prototype.addModule = async function (url) {
          await new Promise((done) => setTimeout(done, 500));
          return add.call(this, url);
        };
      }),
    );
    await play(page);
    await page.getByRole("button", { name: "Stop" }).click();
    await expect.poll(() => openedBy(page), PATIENT).toEqual({ contexts: ["closed"], tracks: [] });
    await sleep(300);
    expect(await stateOf(page)).toBe("idle");
    expect(await listeners(on.worker)).toBe(0);
  });

  test("the page comes back by itself when its worker does", async () => {
    const first = await startWorker({ RELAY_DEMO: "on" });
    onTestFinished(() => void first.process.kill("SIGKILL"));
    const page = await open(on.browser, first.url);
    await play(page);
    await expect.poll(() => stateOf(page), PATIENT).toBe("playing");
    await first.stop("SIGKILL");
    await expect.poll(() => stateOf(page), PATIENT).toBe("reconnecting");
    const second = await startWorker({ RELAY_DEMO: "on", RELAY_PORT: new URL(first.url).port });
    onTestFinished(() => void second.process.kill("SIGKILL"));
    await expect.poll(() => stateOf(page), PATIENT).toBe("playing");
  });

  test("a relay that is full is asked again until it is not", async () => {
    const small = await startWorker({ RELAY_DEMO: "on", RELAY_MAX_LISTENERS: "2" });
    onTestFinished(() => void small.process.kill("SIGKILL"));
    const [first, second] = await Promise.all([connect(small), connect(small)]);
    for (const socket of [first, second]) await socket.emitWithAck("join-stream", { stream: "demo" });
    const page = await open(on.browser, small.url);
    await play(page);
    await expect
      .poll(() => page.locator("#note").textContent(), PATIENT)
      .toBe("This relay is full. Trying again.");
    first.disconnect();
    await expect.poll(() => stateOf(page), PATIENT).toBe("playing");
    expect(await page.locator("#note").textContent()).toBe("");
  });

  test("a name that no stream can have is told, and asked for once", async () => {
    const page = await open(on.browser, `${on.worker.url}/?stream=..`);
    await play(page);
    await expect
      .poll(() => page.locator("#note").textContent(), PATIENT)
      .toContain("There is no such stream");
    expect(await stateOf(page)).toBe("idle");
  });

  test("a packet that the decoder refuses is not the end of the sound", async () => {
    const page = await open(on.browser, `${on.worker.url}/?stream=broken`);
    const warnings: string[] = [];
    page.on("console", (message) => warnings.push(message.text()));
    const source = await connect(on.worker);
    await source.emitWithAck("start-broadcast", { stream: "broken" });
    await play(page);
    let sequence = await sine(source, 0, 25);
    await expect.poll(() => rmsOf(page), PATIENT).toBeGreaterThan(0.05);
    // Code 3 with no frame at all, which RFC 6716 §3.2.5 forbids.
    await send(source, sequence, [Uint8Array.of(0xff, 0)]);
    await expect.poll(() => warnings.join(), PATIENT).toContain("the decoder refused a packet");
    await expect.poll(() => rmsOf(page), PATIENT).toBe(0);
    sequence = await sine(source, sequence + 1, 25);
    await expect.poll(() => rmsOf(page), PATIENT).toBeGreaterThan(0.05);
  });

  const withoutNative = (page: Page) =>
    page.addInitScript(() => Reflect.deleteProperty(globalThis, "AudioDecoder"));

  test("a browser without a decoder loads one, and one alone however long it takes", async () => {
    const page = await open(on.browser, on.worker.url, {}, async (fresh) => {
      await withoutNative(fresh);
      await fresh.addInitScript(() => {
        const { instantiate } = WebAssembly;
        Object.assign(globalThis, { instances: 0 });
        WebAssembly.instantiate = ((...given: Parameters<typeof instantiate>) => {
          (globalThis as unknown as { instances: number }).instances += 1;
          return instantiate.apply(WebAssembly, given);
        }) as typeof instantiate;
      });
    });
    await page.route(/\/assets\/(?!ring)/, async (route) => {
      await sleep(1_000);
      await route.continue();
    });
    await play(page);
    await expect.poll(() => rmsOf(page), PATIENT).toBeGreaterThan(0.01);
    // The decoder, and what inflates it.
    expect(
      await page.evaluate(() => (globalThis as unknown as { instances: number }).instances),
    ).toBeLessThanOrEqual(2);
  });

  test("a decoder that can not be loaded is told", async () => {
    const page = await open(on.browser, on.worker.url, {}, withoutNative);
    await page.route(/\/assets\/(?!ring)/, (route) => route.abort());
    await play(page);
    await expect
      .poll(() => page.locator("#note").textContent(), PATIENT)
      .toContain("This browser can not decode the sound");
    await page.unroute(/\/assets\/(?!ring)/);
    await page.getByRole("button", { name: "Stop" }).click();
    expect(await page.locator("#note").textContent()).toBe("");
  });
});

/** Sends `count` chunks of a sine in their time, and returns the sequence that follows. */
async function sine(source: Socket, first: number, count: number): Promise<number> {
  const encoder = await createEncoder({ channels: 2, sampleRate: 48_000, application: Application.Audio });
  for (let sequence = first; sequence < first + count; sequence += 1) {
    const packets = [0, 1, 2].map((packet) =>
      encoder.encode(
        Int16Array.from({ length: 1920 }, (_, n) =>
          Math.round(
            12_000 * Math.sin((2 * Math.PI * 440 * ((3 * sequence + packet) * 960 + (n >> 1))) / 48_000),
          ),
        ),
      ),
    );
    await send(source, sequence, packets);
    await sleep(60);
  }
  encoder.free();
  return first + count;
}

async function send(source: Socket, sequence: number, packets: Uint8Array[]): Promise<void> {
  const mediaTime = sequence * 2880;
  const chunk = encodeChunk({ sequence, mediaTime, captureTime: Date.now(), channels: 2, packets });
  expect(await source.emitWithAck("audio-chunk", chunk)).toEqual({ ok: true });
}
