// The demo: the loop, encoded to Opus in this process and broadcast like any other source.
import { Application, createEncoder, Signal } from "libopus-wasm";
import type { Logger } from "pino";
import type { Broadcast, Broadcasts } from "../server/broadcasts.ts";
import { encodeChunk, PACKET_MS, SAMPLE_RATE } from "../shared/chunk.ts";
import { LOOP_SAMPLES, renderLoop } from "./synth.ts";

const DEMO_STREAM = "demo";
const BITRATE = 128;
const PACKETS = 3;
const SAMPLES = (SAMPLE_RATE * PACKET_MS) / 1000;
/** Milliseconds between attempts to broadcast, where another worker does. */
const RETRY = 2_000;
/** Milliseconds behind the clock after which the past is skipped rather than sent in a burst. */
const LATE = 1_000;

/** The same each time it goes on air. */
let loop: Promise<Int16Array> | undefined;

/** Broadcasts wherever nobody else does; the function returned ends it. */
export function startDemo(broadcasts: Broadcasts, log: Logger): () => Promise<void> {
  let stopped = false;
  let current: Broadcast | undefined;
  let wake: (() => void) | undefined;
  const sleep = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const run = async (): Promise<void> => {
    while (!stopped) {
      current = await broadcasts.start({
        stream: DEMO_STREAM,
        title: "Soundstage demo loop, 174 bpm",
        bitrate: BITRATE,
        channels: 2,
      });
      if (current && !stopped) {
        log.info("the demo is on air");
        await play(current, () => stopped, sleep);
      }
      if (!stopped) await sleep(RETRY);
    }
    await current?.end("stopped");
  };
  const running = run().catch((error: unknown) =>
    log.error({ error: (error as Error).message }, "the demo ended"),
  );
  return async () => {
    stopped = true;
    wake?.();
    await running;
  };
}

async function play(
  broadcast: Broadcast,
  stopped: () => boolean,
  sleep: (ms: number) => Promise<void>,
): Promise<void> {
  loop ??= renderLoop().then(toInt16);
  const samples = await loop;
  const encoder = await createEncoder({
    application: Application.Audio,
    signal: Signal.Music,
    bitrate: BITRATE * 1000,
    sampleRate: SAMPLE_RATE,
    channels: 2,
  });
  try {
    let began = performance.now();
    for (let sequence = 0, position = 0; !broadcast.ended && !stopped(); sequence += 1) {
      const packets: Uint8Array[] = [];
      for (let packet = 0; packet < PACKETS; packet += 1) {
        packets.push(encoder.encode(frame(samples, (position + packet * SAMPLES) % LOOP_SAMPLES)));
      }
      broadcast.feed(
        encodeChunk({ sequence, mediaTime: position, captureTime: Date.now(), channels: 2, packets }),
      );
      position += PACKETS * SAMPLES;
      // Paced by the stream's own clock, so that late timers do not add up.
      const due = began + (position / SAMPLE_RATE) * 1000;
      const wait = due - performance.now();
      if (wait < -LATE) began -= wait;
      if (wait > 0) await sleep(wait);
    }
  } finally {
    encoder.free();
  }
}

function toInt16(samples: Float32Array): Int16Array {
  return Int16Array.from(samples, (sample) => Math.round(Math.max(-1, Math.min(1, sample)) * 32_000));
}

/** One packet's worth of stereo, across the seam of the loop. */
function frame(samples: Int16Array, start: number): Int16Array {
  const end = start + SAMPLES;
  if (end <= LOOP_SAMPLES) return samples.subarray(2 * start, 2 * end);
  const joined = new Int16Array(2 * SAMPLES);
  joined.set(samples.subarray(2 * start));
  joined.set(samples.subarray(0, 2 * (end - LOOP_SAMPLES)), 2 * (LOOP_SAMPLES - start));
  return joined;
}
