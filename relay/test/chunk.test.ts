import fc from "fast-check";
import { expect, test } from "vitest";
import { Bucket } from "../server/bucket.ts";
import { ConfigFault, readConfig } from "../server/config.ts";
import { type Chunk, ChunkFault, decodeChunk, encodeChunk } from "../shared/chunk.ts";

const packet = fc.uint8Array({ minLength: 1, maxLength: 300 });
const chunk = fc.record<Chunk>({
  sequence: fc.nat(0xffff_ffff),
  mediaTime: fc.nat(),
  captureTime: fc.nat(),
  channels: fc.constantFrom(1, 2),
  packets: fc.array(packet, { minLength: 1, maxLength: 6 }),
});

test("what is encoded is decoded", () => {
  fc.assert(
    fc.property(chunk, (value) => {
      const decoded = decodeChunk(encodeChunk(value));
      expect({ ...decoded, packets: decoded.packets.map((bytes) => [...bytes]) }).toEqual({
        ...value,
        packets: value.packets.map((bytes) => [...bytes]),
      });
    }),
  );
});

test("whatever arrives is decoded or refused in words", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      try {
        decodeChunk(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(ChunkFault);
      }
    }),
    { numRuns: 2000 },
  );
});

test("a chunk that was cut or has a tail is refused", () => {
  fc.assert(
    fc.property(chunk, fc.nat(), (value, at) => {
      const bytes = encodeChunk(value);
      expect(() => decodeChunk(bytes.subarray(0, at % bytes.length))).toThrow(ChunkFault);
      expect(() => decodeChunk(Uint8Array.of(...bytes, 0))).toThrow(/follow the last packet/);
    }),
  );
});

test("a bucket gives its burst at once and then its rate", () => {
  const bucket = new Bucket(10, 5, 0);
  expect(Array.from({ length: 6 }, () => bucket.take(1, 0))).toEqual([true, true, true, true, true, false]);
  expect([bucket.take(1, 50), bucket.take(1, 100), bucket.take(1, 100)]).toEqual([false, true, false]);
});

test("faults of the settings are named at once", () => {
  const env = {
    RELAY_PORT: "http",
    RELAY_DEMO: "yes",
    RELAY_REDIS_URL: "rediss://user:word@cache:6379",
    RELAY_BROADCAST_TOKEN_FILE: "/nonexistent",
  };
  try {
    readConfig(env);
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigFault);
    const { message } = error as Error;
    for (const name of Object.keys(env)) expect(message).toContain(name);
    expect(message).not.toContain("user:word");
  }
});
