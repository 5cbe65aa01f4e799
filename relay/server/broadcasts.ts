// Broadcasts of this worker: claimed, fed, renewed, ended; the same way for sockets and the demo source.
import { randomUUID } from "node:crypto";
import { type Chunk, ChunkFault, decodeChunk } from "../shared/chunk.ts";
import type { Directory, Entry } from "./directory.ts";

/** `taken`: while Redis was away, somebody else began to broadcast under that name. */
export type EndReason = "stopped" | "disconnected" | "draining" | "taken";

export interface Outlet {
  audio(stream: string, chunk: Uint8Array): void;
  ended(stream: string, reason: EndReason): void;
  bitrate(stream: string, bitrate: number): void;
}

export interface BroadcastRequest {
  readonly stream: string;
  readonly title: string;
  readonly bitrate: number;
  readonly channels: 1 | 2;
}

/** Milliseconds; well under the time for which a claim holds. */
const RENEW_EVERY = 2_000;

export class Broadcasts {
  readonly #directory: Directory;
  readonly #outlet: Outlet;
  readonly #running = new Map<string, Broadcast>();

  constructor(directory: Directory, outlet: Outlet) {
    this.#directory = directory;
    this.#outlet = outlet;
  }

  get count(): number {
    return this.#running.size;
  }

  /**
   * Undefined where somebody else broadcasts under that name.
   * @param told hears why the broadcast ended, also where listeners do not because it goes on elsewhere
   */
  async start(
    request: BroadcastRequest,
    told: (reason: EndReason) => void = () => {},
  ): Promise<Broadcast | undefined> {
    const entry: Entry = { ...request, since: Date.now(), owner: randomUUID() };
    if (!(await this.#directory.claim(entry))) return undefined;
    const broadcast = new Broadcast(entry, this.#directory, this.#outlet, (reason) => {
      this.#running.delete(entry.stream);
      told(reason);
    });
    this.#running.set(entry.stream, broadcast);
    return broadcast;
  }

  async endAll(reason: EndReason): Promise<void> {
    await Promise.all([...this.#running.values()].map((broadcast) => broadcast.end(reason)));
  }
}

export class Broadcast {
  #entry: Entry;
  readonly #directory: Directory;
  readonly #outlet: Outlet;
  readonly #gone: (reason: EndReason) => void;
  readonly #timer: NodeJS.Timeout;
  #last = -1;
  #ended = false;

  constructor(entry: Entry, directory: Directory, outlet: Outlet, gone: (reason: EndReason) => void) {
    this.#entry = entry;
    this.#directory = directory;
    this.#outlet = outlet;
    this.#gone = gone;
    this.#timer = setInterval(() => void this.#renew(), RENEW_EVERY);
  }

  get entry(): Entry {
    return this.#entry;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Sends a chunk on; throws a `ChunkFault` where it is malformed or comes out of order. */
  feed(bytes: Uint8Array): Chunk {
    const chunk = decodeChunk(bytes);
    if (chunk.sequence <= this.#last)
      throw new ChunkFault(`sequence ${chunk.sequence} does not follow ${this.#last}`);
    if (chunk.channels !== this.#entry.channels)
      throw new ChunkFault(`${chunk.channels} channels in a stream of ${this.#entry.channels}`);
    this.#last = chunk.sequence;
    this.#outlet.audio(this.#entry.stream, bytes);
    return chunk;
  }

  async setBitrate(bitrate: number): Promise<void> {
    this.#entry = { ...this.#entry, bitrate };
    this.#outlet.bitrate(this.#entry.stream, bitrate);
    await this.#renew();
  }

  async end(reason: EndReason): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#timer);
    this.#gone(reason);
    await this.#directory.release(this.#entry);
    if (reason !== "taken") this.#outlet.ended(this.#entry.stream, reason);
  }

  async #renew(): Promise<void> {
    if (!this.#ended && !(await this.#directory.renew(this.#entry))) await this.end("taken");
  }
}
