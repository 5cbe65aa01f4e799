// The relay's pages in a real browser.
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { startWorker, type Worker } from "./worker.ts";

const CHROMIUM = "/usr/bin/chromium";
export const noChromium = existsSync(CHROMIUM) ? "" : " (the Debian package chromium is not installed)";

interface Hook {
  rms(): number;
  spectrum(): number[];
  state(): string;
  stats(): { lost: number; underruns: number; sequence: number };
}
declare const window: { soundstage: Hook; contexts: AudioContext[]; media: MediaStream[] };

/** For what a page shows once its relay and its sound have come. */
export const PATIENT = { timeout: 15_000 };
/** Of the sine that the browser's microphone hears. */
export const HERTZ = 997;

/** A worker with its demo, and a browser: they are there while the tests run beside which it is called. */
export function stage(): { readonly worker: Worker; readonly browser: Browser } {
  const made = {} as { worker: Worker; browser: Browser };
  beforeAll(async () => {
    made.worker = await startWorker({ RELAY_DEMO: "on" });
    made.browser = await launch();
  });
  afterAll(async () => {
    await made.browser?.close();
    await made.worker?.stop("SIGKILL");
  });
  return made;
}

function launch(): Promise<Browser> {
  const microphone = join(mkdtempSync(join(tmpdir(), "microphone-")), "tone.wav");
  writeFileSync(microphone, tone(HERTZ));
  return chromium.launch({
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
}

/** A page of its own until the test ends, which knows the sounds and microphones that were opened; its errors are the test's. */
export async function open(
  browser: Browser,
  url: string,
  options: Parameters<Browser["newContext"]>[0] = {},
  before: (page: Page) => Promise<unknown> = async () => {},
): Promise<Page> {
  const context: BrowserContext = await browser.newContext({ permissions: ["microphone"], ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  page.on("pageerror", (error) => {
    throw error;
  });
  await page.addInitScript(() => {
    const { AudioContext: Context, navigator } = globalThis;
    const contexts: AudioContext[] = [];
    const media: MediaStream[] = [];
    class Watched extends Context {
      constructor(settings?: AudioContextOptions) {
        super(settings);
        contexts.push(this);
      }
    }
    const ask = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
    if (ask)
      navigator.mediaDevices.getUserMedia = async (constraints) => {
        const stream = await ask(constraints);
        media.push(stream);
        return stream;
      };
    Object.assign(globalThis, { AudioContext: Watched, contexts, media });
  });
  await before(page);
  await page.goto(url);
  return page;
}

export const stateOf = (page: Page) => page.evaluate(() => window.soundstage.state());
export const rmsOf = (page: Page) => page.evaluate(() => window.soundstage.rms());
export const statsOf = (page: Page) => page.evaluate(() => window.soundstage.stats());

/** Hertz. */
export async function loudestOf(page: Page): Promise<number> {
  const spectrum = await page.evaluate(() => window.soundstage.spectrum());
  return spectrum.indexOf(Math.max(...spectrum)) * (24_000 / spectrum.length);
}

/** States of all the sounds, and of all the microphone's tracks, that the page opened. */
export const openedBy = (page: Page) =>
  page.evaluate(() => ({
    contexts: window.contexts.map(({ state }) => state),
    tracks: window.media.flatMap((stream) => stream.getTracks()).map(({ readyState }) => readyState),
  }));

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
