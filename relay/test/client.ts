// Clients of a worker and what they send, for tests.
import { io, type Socket } from "socket.io-client";
import { onTestFinished } from "vitest";
import { encodeChunk } from "../shared/chunk.ts";
import type { Worker } from "./worker.ts";

/** Connected until the test ends; rejects where the worker refuses it. */
export async function connect({ url }: Worker, transport = "websocket"): Promise<Socket> {
  const socket = io(url, { transports: [transport], forceNew: true, reconnection: false });
  onTestFinished(() => void socket.disconnect());
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
  return socket;
}

/** A chunk of 40 ms. */
export function numbered(sequence: number): Uint8Array {
  return encodeChunk({
    sequence,
    mediaTime: sequence * 1920,
    captureTime: Date.now(),
    channels: 2,
    packets: [Uint8Array.of(0xfc, sequence & 255, 1), Uint8Array.of(0xfc, 2)],
  });
}

/** The sequences that a listener hears, as it hears them. */
export function sequencesOf(socket: Socket): number[] {
  const heard: number[] = [];
  socket.on("audio-data", (_stream: string, chunk: Uint8Array) =>
    heard.push(Buffer.from(chunk).readUInt32LE(4)),
  );
  return heard;
}
