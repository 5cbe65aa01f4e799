// The objects a host is missing, as one gzipped tar.
import { createReadStream, readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip, gzipSync } from "node:zlib";
import type { HostBundle } from "../../bundle/reader.ts";
import { bytes, plural } from "../text/quantity.ts";

/** Compressed once and sent to every host that misses it: a runtime of 100 MB is the bulk of a first deploy. */
const LARGE = 1 << 20;
const compressed = new Map<string, Promise<Buffer>>();

export interface Missing {
  readonly hash: string;
  /** Bytes that an interrupted upload has brought. */
  readonly have: number;
}

/** How many are on their way, and how much of them is not there yet. */
export function uploadText({ objects }: Pick<HostBundle, "objects">, missing: readonly Missing[]): string {
  const size = missing.reduce((sum, { hash, have }) => sum + (objects.get(hash)?.size ?? 0) - have, 0);
  return `${plural(missing.length, "object")}, ${bytes(size)}`;
}

/** A gzip stream may be a sequence of gzip members (RFC 1952 §2.2): each object is one. */
export function archiveOf(bundle: HostBundle, missing: readonly Missing[]): Readable {
  return Readable.from(members(bundle, missing));
}

async function* members(bundle: HostBundle, missing: readonly Missing[]): AsyncGenerator<Buffer> {
  for (const { hash, have } of missing) {
    const object = bundle.objects.get(hash);
    if (!object) throw new Error(`the host asks for ${hash}, which its bundle does not name`);
    if (object.file && have > 0 && have < object.size) {
      yield await compress(`${hash}+`, object.file, object.size - have, have);
    } else if (object.file && object.size >= LARGE) {
      const { file, size } = object;
      let member = compressed.get(hash);
      if (!member) {
        member = compress(hash, file, size);
        compressed.set(hash, member);
      }
      yield await member;
    } else {
      const content = object.file ? readFileSync(object.file) : Buffer.from(object.text as string);
      yield gzipSync(Buffer.concat([header(hash, content.length), content, padding(content.length)]));
    }
  }
  yield gzipSync(Buffer.alloc(1024));
}

async function compress(name: string, file: string, size: number, start = 0): Promise<Buffer> {
  const chunks: Buffer[] = [];
  async function* content(): AsyncGenerator<Buffer> {
    yield header(name, size);
    yield* createReadStream(file, { highWaterMark: 1 << 20, start });
    yield padding(size);
  }
  // Level 1: the link is rarely slower than a core at level 6.
  await pipeline(content(), createGzip({ level: 1 }), async (source) => {
    for await (const chunk of source) chunks.push(chunk as Buffer);
  });
  return Buffer.concat(chunks);
}

/** A ustar header (POSIX.1-1988) of a regular file. */
function header(name: string, size: number): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write("0000600\0", 100);
  block.write("0000000\0", 108);
  block.write("0000000\0", 116);
  block.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  block.write("00000000000\0", 136);
  block.write("        ", 148);
  block.write("0", 156);
  block.write("ustar\x0000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

function padding(size: number): Buffer {
  return Buffer.alloc((512 - (size % 512)) % 512);
}
