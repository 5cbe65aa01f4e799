import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startWorker, type Worker } from "./worker.ts";

const CHROMIUM = "/usr/bin/chromium";
const missing = existsSync(CHROMIUM) ? "" : " (the Debian package chromium is not installed)";

interface Hook {
  rms(): number;
  spectrum(): number[];
  state(): string;
  stats(): { lost: number; underruns: number; sequence: number };
}
declare const window: { soundstage: Hook };

describe.skipIf(missing)(`the relay's pages${missing}`, () => {
  let worker: Worker;
  let browser: Browser;

  beforeAll(async () => {
    worker = await startWorker({ RELAY_DEMO: "on" });
    const microphone = join(tmpdir(), "tone.wav");
    writeFileSync(microphone, tone(997));
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        "--no-sandbox",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        `--use-file-for-fake-audio-capture=${microphone}`,
        "--autoplay-policy=user-gesture-required",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
      ],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await worker?.stop();
  });

  async function open(path: string, options: Parameters<Browser["newPage"]>[0] = {}): Promise<Page> {
    const page = await browser.newPage(options);
    page.on("pageerror", (error) => {
      throw error;
    });
    await page.goto(`${worker.url}${path}`);
    return page;
  }

  test("a person presses play and hears the broadcast", async () => {
    const page = await open("/");
    await page.getByRole("button", { name: "Play" }).click();
    await expect
      .poll(() => page.evaluate(() => window.soundstage.state()), { timeout: 10_000 })
      .toBe("playing");
    await expect
      .poll(() => page.evaluate(() => window.soundstage.rms()), { timeout: 10_000 })
      .toBeGreaterThan(0.01);
    await page.waitForTimeout(2500);
    const stats = await page.evaluate(() => window.soundstage.stats());
    expect(stats.lost).toBe(0);
    expect(stats.sequence).toBeGreaterThan(30);
    expect(await page.locator("#latency").textContent()).toMatch(/^\d+ ms$/);
    await page.getByRole("button", { name: "Stop" }).click();
    expect(await page.evaluate(() => window.soundstage.rms())).toBe(0);
    await page.close();
  });

  test("the page comes back by itself when its worker does", async () => {
    const first = await startWorker({ RELAY_DEMO: "on" });
    const page = await browser.newPage();
    await page.goto(first.url);
    await page.getByRole("button", { name: "Play" }).click();
    await expect
      .poll(() => page.evaluate(() => window.soundstage.state()), { timeout: 10_000 })
      .toBe("playing");
    await first.stop("SIGKILL");
    await expect
      .poll(() => page.evaluate(() => window.soundstage.state()), { timeout: 10_000 })
      .toBe("reconnecting");
    const second = await startWorker({ RELAY_DEMO: "on", RELAY_PORT: new URL(first.url).port });
    await expect
      .poll(() => page.evaluate(() => window.soundstage.state()), { timeout: 20_000 })
      .toBe("playing");
    await page.close();
    await second.stop();
  });

  test("the studio broadcasts the microphone, and a listener hears its tone", async () => {
    const context = await browser.newContext({ permissions: ["microphone"] });
    const studio = await context.newPage();
    await studio.goto(`${worker.url}/studio`);
    await studio.getByLabel("Stream").fill("show");
    await studio.getByRole("button", { name: "Go on air" }).click();
    await expect.poll(() => studio.locator("#state").textContent(), { timeout: 10_000 }).toBe("On air");
    const listener = await open("/?stream=show");
    await listener.getByRole("button", { name: "Play" }).click();
    await expect
      .poll(() => listener.evaluate(() => window.soundstage.rms()), { timeout: 10_000 })
      .toBeGreaterThan(0.02);
    await listener.waitForTimeout(1500);
    const spectrum = await listener.evaluate(() => window.soundstage.spectrum());
    const loudest = spectrum.indexOf(Math.max(...spectrum)) * (24_000 / spectrum.length);
    expect(Math.abs(loudest - 997)).toBeLessThan(30);
    await studio.getByLabel("Bitrate").selectOption("64");
    await expect.poll(() => listener.locator("#bitrate").textContent(), { timeout: 5_000 }).toBe("64 kbit/s");
    await studio.getByRole("button", { name: "Stop" }).click();
    await expect
      .poll(() => listener.evaluate(() => window.soundstage.state()), { timeout: 5_000 })
      .toBe("waiting");
    await Promise.all([listener.close(), context.close()]);
  });

  test.for([
    ["desktop", 1280, 860, "dark"],
    ["phone", 390, 844, "light"],
  ] as const)("the pages fit a %s", async ([name, width, height, colorScheme]) => {
    const folder = process.env.SOUNDSTAGE_SCREENSHOTS;
    for (const path of ["/", "/studio"]) {
      const page = await open(path, { viewport: { width, height }, colorScheme });
      if (path === "/") {
        await page.getByRole("button", { name: "Play" }).click();
        await expect
          .poll(() => page.evaluate(() => window.soundstage.rms()), { timeout: 10_000 })
          .toBeGreaterThan(0.01);
        await page.waitForTimeout(1200);
      }
      expect(
        await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        ),
      ).toBe(0);
      if (folder) {
        mkdirSync(folder, { recursive: true });
        await page.screenshot({
          path: join(folder, `${path === "/" ? "player" : "studio"}-${name}-${colorScheme}.png`),
          fullPage: true,
        });
      }
      await page.close();
    }
  });
});

/** Two seconds of a sine as a WAV file, looped by Chromium. */
function tone(hertz: number): Buffer {
  const rate = 48_000;
  const samples = Int16Array.from({ length: rate * 2 }, (_, n) =>
    Math.round(12_000 * Math.sin((2 * Math.PI * hertz * n) / rate)),
  );
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + samples.byteLength, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(samples.byteLength, 40);
  return Buffer.concat([header, Buffer.from(samples.buffer)]);
}
