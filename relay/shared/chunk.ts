// One chunk of audio on the wire: a fixed header, the lengths of its Opus packets, the packets (little endian).
//
//  0  u8   version (1)            8  f64  media time: samples at 48 kHz since the stream began
//  1  u8   codec (1 = Opus)      16  f64  capture time: milliseconds since 1970, the broadcaster's clock
//  2  u8   channels              24  u16  duration in milliseconds
//  3  u8   number of packets     26  u16  reserved (0)
//  4  u32  sequence              28  u16  length of each packet, then the packets

export const SAMPLE_RATE = 48_000;
/** Milliseconds of one Opus packet; a chunk holds whole packets. */
export const PACKET_MS = 20;
/** A packet of one frame is at most this long (RFC 6716 §3.2.1 allows 1275 bytes of frame, and its TOC byte). */
export const MAX_PACKET_BYTES = 1276;
export const MAX_PACKETS = 6;
const VERSION = 1;
const OPUS = 1;
const HEADER_BYTES = 28;

export interface Chunk {
  /** Counts chunks of a stream from 0, without gaps where none was lost. */
  readonly sequence: number;
  /** Samples at 48 kHz since the stream began. */
  readonly mediaTime: number;
  /** Milliseconds since 1970 at the broadcaster. */
  readonly captureTime: number;
  readonly channels: 1 | 2;
  readonly packets: readonly Uint8Array[];
}

export class ChunkFault extends Error {}

export function encodeChunk(chunk: Chunk): Uint8Array<ArrayBuffer> {
  const { packets } = chunk;
  const lengths = packets.map((packet) => packet.length);
  const start = HEADER_BYTES + 2 * packets.length;
  const bytes = new Uint8Array(start + lengths.reduce((sum, length) => sum + length, 0));
  const view = new DataView(bytes.buffer);
  bytes.set([VERSION, OPUS, chunk.channels, packets.length]);
  view.setUint32(4, chunk.sequence >>> 0, true);
  view.setFloat64(8, chunk.mediaTime, true);
  view.setFloat64(16, chunk.captureTime, true);
  view.setUint16(24, packets.length * PACKET_MS, true);
  let offset = start;
  for (const [index, packet] of packets.entries()) {
    view.setUint16(HEADER_BYTES + 2 * index, packet.length, true);
    bytes.set(packet, offset);
    offset += packet.length;
  }
  return bytes;
}

/** Milliseconds of a chunk that was decoded before. */
export function durationOf(bytes: Uint8Array): number {
  return (bytes[3] ?? 0) * PACKET_MS;
}

/** Throws a `ChunkFault` that names what is wrong; packets are views into `bytes`. */
export function decodeChunk(bytes: Uint8Array): Chunk {
  if (bytes.length < HEADER_BYTES)
    throw new ChunkFault(`a chunk of ${bytes.length} bytes is shorter than its header`);
  const [version, codec, channels, count] = bytes;
  if (version !== VERSION) throw new ChunkFault(`chunk version ${version} is not ${VERSION}`);
  if (codec !== OPUS) throw new ChunkFault(`codec ${codec} is not Opus (${OPUS})`);
  if (channels !== 1 && channels !== 2) throw new ChunkFault(`${channels} channels are not 1 or 2`);
  if (!count || count > MAX_PACKETS) throw new ChunkFault(`${count} packets are not 1 to ${MAX_PACKETS}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mediaTime = view.getFloat64(8, true);
  const captureTime = view.getFloat64(16, true);
  if (!Number.isFinite(mediaTime) || mediaTime < 0)
    throw new ChunkFault("media time is not a number of samples");
  if (!Number.isFinite(captureTime)) throw new ChunkFault("capture time is not a time");
  let offset = HEADER_BYTES + 2 * count;
  if (bytes.length < offset) throw new ChunkFault("the chunk ends among its packet lengths");
  const packets: Uint8Array[] = [];
  for (let index = 0; index < count; index += 1) {
    const length = view.getUint16(HEADER_BYTES + 2 * index, true);
    if (length < 1 || length > MAX_PACKET_BYTES)
      throw new ChunkFault(`a packet of ${length} bytes is not 1 to ${MAX_PACKET_BYTES}`);
    if (offset + length > bytes.length) throw new ChunkFault("the chunk ends inside a packet");
    packets.push(bytes.subarray(offset, offset + length));
    offset += length;
  }
  if (offset !== bytes.length) throw new ChunkFault(`${bytes.length - offset} bytes follow the last packet`);
  return { sequence: view.getUint32(4, true), mediaTime, captureTime, channels, packets };
}
