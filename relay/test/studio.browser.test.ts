import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "redis";
import { describe, expect, onTestFinished, test } from "vitest";
import { HERTZ, loudestOf, noChromium, open, openedBy, PATIENT, rmsOf, stage, stateOf } from "./chromium.ts";
import { connect } from "./client.ts";
import { noRedis, Redis } from "./redis.ts";
import type { Worker } from "./worker.ts";

describe.skipIf(noChromium)(`the studio${noChromium}`, () => {
  const on = stage();

  test("it broadcasts the microphone, and a listener hears its tone", async () => {
    const studio = await open(on.browser, `${on.worker.url}/studio`);
    await studio.getByLabel("Stream").fill("show");
    await studio.getByRole("button", { name: "Go on air" }).click();
    await expect.poll(() => studio.locator("#state").textContent(), PATIENT).toBe("On air");
    const listener = await open(on.browser, `${on.worker.url}/?stream=show`);
    await listener.getByRole("button", { name: "Play" }).click();
    await expect.poll(() => rmsOf(listener), PATIENT).toBeGreaterThan(0.02);
    await listener.waitForTimeout(1500);
    expect(Math.abs((await loudestOf(listener)) - HERTZ)).toBeLessThan(30);
    await studio.getByLabel("Bitrate").selectOption("64");
    await expect.poll(() => listener.locator("#bitrate").textContent(), PATIENT).toBe("64 kbit/s");
    await studio.getByRole("button", { name: "Stop" }).click();
    await expect.poll(() => stateOf(listener), PATIENT).toBe("waiting");
    expect(await openedBy(studio)).toEqual({ contexts: ["closed"], tracks: ["ended"] });
  });

  test("where something fails before it is on air, microphone and sound are let go, and it can be tried again", async () => {
    const studio = await open(on.browser, `${on.worker.url}/studio`, {}, (page) =>
      page.addInitScript(() => {
        const add = AudioWorklet.prototype.addModule;
        AudioWorklet.prototype.addModule = async () => {
          AudioWorklet.prototype.addModule = add;
          throw new Error("the module does not load");
        };
      }),
    );
    await studio.getByRole("button", { name: "Go on air" }).click();
    await expect.poll(() => studio.locator("#note.fault").count(), PATIENT).toBe(1);
    expect(await openedBy(studio)).toEqual({ contexts: ["closed"], tracks: ["ended"] });
    await studio.getByRole("button", { name: "Go on air" }).click();
    await expect.poll(() => studio.locator("#state").textContent(), PATIENT).toBe("On air");
    expect(await studio.locator("#note").textContent()).toBe("");
  });

  test("two presses start one broadcast", async () => {
    const studio = await open(on.browser, `${on.worker.url}/studio`);
    await studio.getByLabel("Stream").fill("twice");
    await studio.evaluate(() => {
      for (let n = 0; n < 2; n += 1) document.getElementById("air")?.click();
    });
    await expect.poll(() => studio.locator("#state").textContent(), PATIENT).toBe("On air");
    expect(await openedBy(studio)).toEqual({ contexts: ["running"], tracks: ["live"] });
  });

  test("a relay that does not answer is told, and has nothing on air when it comes to", async () => {
    const studio = await open(on.browser, `${on.worker.url}/studio`);
    await studio.getByLabel("Stream").fill("late");
    // Once, so that the browser has all that the page needs.
    await studio.getByRole("button", { name: "Go on air" }).click();
    await studio.getByRole("button", { name: "Stop" }).click();
    on.worker.process.kill("SIGSTOP");
    try {
      await studio.getByRole("button", { name: "Go on air" }).click();
      await expect
        .poll(() => studio.locator("#note").textContent(), PATIENT)
        .toBe("The relay does not answer: try again.");
    } finally {
      on.worker.process.kill("SIGCONT");
    }
    const ended = ["ended", "ended"];
    expect(await openedBy(studio)).toEqual({ contexts: ["closed", "closed"], tracks: ended });
    const socket = await connect(on.worker);
    await expect
      .poll(() => socket.emitWithAck("stream-info", { stream: "late" }), PATIENT)
      .toMatchObject({ code: "no-such-stream" });
  });

  test.skipIf(noRedis)(`who lost the name of the stream is told so${noRedis}`, async () => {
    const redis = await Redis.start();
    onTestFinished(() => redis.kill("SIGKILL"));
    const [here, there] = (await redis.workers("here", "there")) as [Worker, Worker];
    onTestFinished(() => void [here, there].map((one) => one.process.kill("SIGKILL")));
    const studio = await open(on.browser, `${here.url}/studio`);
    await studio.getByRole("button", { name: "Go on air" }).click();
    await expect.poll(() => studio.locator("#state").textContent(), PATIENT).toBe("On air");
    const client = createClient({ url: redis.url });
    await client.connect();
    await client.del("soundstage:stream:live");
    client.destroy();
    await (await connect(there)).emitWithAck("start-broadcast", { stream: "live" });
    await expect.poll(() => studio.locator("#state").textContent(), PATIENT).toBe("Off air");
    expect(await studio.locator("#note").textContent()).toContain('Somebody else broadcasts "live" now');
    expect(await openedBy(studio)).toEqual({ contexts: ["closed"], tracks: ["ended"] });
  });

  test.for([
    ["desktop", 1280, 860, "dark"],
    ["phone", 390, 844, "light"],
  ] as const)("the pages fit a %s", async ([name, width, height, colorScheme]) => {
    const folder = process.env.SOUNDSTAGE_SCREENSHOTS;
    for (const path of ["/", "/studio"]) {
      const page = await open(on.browser, `${on.worker.url}${path}`, {
        viewport: { width, height },
        colorScheme,
      });
      if (path === "/") {
        await page.getByRole("button", { name: "Play" }).click();
        await expect.poll(() => rmsOf(page), PATIENT).toBeGreaterThan(0.01);
        await page.waitForTimeout(1200);
      }
      const beyond = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
      expect(await page.evaluate(beyond)).toBe(0);
      if (folder) {
        mkdirSync(folder, { recursive: true });
        const file = join(folder, `${path === "/" ? "player" : "studio"}-${name}-${colorScheme}.png`);
        await page.screenshot({ path: file, fullPage: true });
      }
    }
  });
});
