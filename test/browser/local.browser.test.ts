import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../relay/test/port.ts";
import { runApp } from "../app.ts";

const CHROMIUM = "/usr/bin/chromium";
const missing = existsSync(CHROMIUM) ? "" : " (the Debian package chromium is not installed)";
declare const window: { soundstage: { rms(): number } };

describe.skipIf(missing)(`the local stack, applied${missing}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "local-stack-"));
  const output = join(folder, "cdktf.out");
  let port: number;

  const soundstage = (...args: string[]) =>
    spawnSync(process.execPath, [join(output, "bin", "soundstage.mjs"), ...args], {
      encoding: "utf8",
      env: { ...process.env, SOUNDSTAGE_PLATFORM: join(folder, "platform.yaml") },
    });

  beforeAll(async () => {
    port = await freePort();
    const text = readFileSync("platform.yaml", "utf8").replace("port: 8080", `port: ${port}`);
    writeFileSync(join(folder, "platform.yaml"), text);
    const synth = runApp(output, join(folder, "platform.yaml"));
    expect([synth.status, synth.stderr]).toEqual([0, ""]);
    const apply = soundstage("apply", "--stack", "local");
    expect([apply.status, apply.stderr]).toEqual([0, ""]);
  });
  afterAll(() => {
    soundstage("down", "local");
  });

  test("/health answers, and the demo is audible to who presses play", async () => {
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
    });
    try {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${port}/`);
      await page.getByRole("button", { name: "Play" }).click();
      await expect
        .poll(() => page.evaluate(() => window.soundstage.rms()), { timeout: 15_000 })
        .toBeGreaterThan(0.01);
    } finally {
      await browser.close();
    }
  });
});
