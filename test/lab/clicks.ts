// Numbered clicks as real audio: where they are after encoding, carrying and decoding is measured, not assumed.
import { createDecoder, createEncoder } from "libopus-wasm";
import { decodeChunk, encodeChunk, SAMPLE_RATE } from "../../relay/shared/chunk.ts";

const PACKET = 960;
const PACKETS = 3;
/** Samples between clicks: a fifth of a second. */
const EVERY = SAMPLE_RATE / 5;
const OFFSET = 400;

/** Chunks of 60 ms with a short click every 200 ms. */
export async function clicks(count: number): Promise<Uint8Array[]> {
  const encoder = await createEncoder({ channels: 2, sampleRate: SAMPLE_RATE, bitrate: 128_000 });
  const chunks = Array.from({ length: count }, (_, sequence) => {
    const packets = Array.from({ length: PACKETS }, (_unused, packet) =>
      encoder.encode(pcm((sequence * PACKETS + packet) * PACKET)),
    );
    return encodeChunk({
      sequence,
      mediaTime: sequence * PACKETS * PACKET,
      captureTime: Date.now(),
      channels: 2,
      packets,
    });
  });
  encoder.free();
  return chunks;
}

function pcm(start: number): Int16Array {
  const samples = new Int16Array(2 * PACKET);
  for (let n = 0; n < PACKET; n += 1) {
    const phase = (start + n) % EVERY;
    const value =
      phase >= OFFSET && phase < OFFSET + 48
        ? Math.round(20_000 * Math.sin((2 * Math.PI * 2000 * (phase - OFFSET)) / SAMPLE_RATE))
        : 0;
    samples[2 * n] = value;
    samples[2 * n + 1] = value;
  }
  return samples;
}

/** Numbers of the clicks in the order in which they are heard, by their place on the stream's clock. */
export async function decodeClicks(chunks: readonly Uint8Array[]): Promise<number[]> {
  const decoder = await createDecoder({ channels: 2, sampleRate: SAMPLE_RATE });
  const heard: number[] = [];
  for (const bytes of chunks) {
    const { mediaTime, packets } = decodeChunk(new Uint8Array(bytes));
    for (const [index, packet] of packets.entries()) {
      const samples = decoder.decode(packet);
      const loudest = samples.reduce(
        (most, sample, at) => (Math.abs(sample) > Math.abs(samples[most] as number) ? at : most),
        0,
      );
      if (Math.abs(samples[loudest] as number) < 6_000) continue;
      const number = Math.floor((mediaTime + index * PACKET + loudest / 2 - OFFSET) / EVERY);
      if (heard.at(-1) !== number) heard.push(number);
    }
  }
  decoder.free();
  return heard;
}
