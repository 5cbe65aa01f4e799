import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  const seen = { decoded: 0, refused: 0 };
  const change = fc.record({ at: fc.nat(), to: fc.nat(255) });
  fc.assert(
    fc.property(chunk, fc.array(change, { minLength: 1, maxLength: 3 }), (value, changes) => {
      const bytes = encodeChunk(value);
      // Most of them in the header and the lengths, where each byte counts.
      const head = 28 + 2 * value.packets.length;
      for (const { at, to } of changes) bytes[at % head] = to;
      try {
        decodeChunk(bytes);
        seen.decoded += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(ChunkFault);
        seen.refused += 1;
      }
    }),
    { numRuns: 2000 },
  );
  expect(Math.min(seen.decoded, seen.refused)).toBeGreaterThan(100);
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

test("a file of a secret that is empty is a fault, and no secret that anybody knows", () => {
  const file = join(mkdtempSync(join(tmpdir(), "secret-")), "secret");
  writeFileSync(file, " \n");
  expect(() => readConfig({ RELAY_BROADCAST_TOKEN_FILE: file })).toThrow(
    `RELAY_BROADCAST_TOKEN_FILE="${file}" is empty`,
  );
});
