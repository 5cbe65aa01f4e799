// The sockets: who broadcasts, who listens, and what each may do.
import { createHash, timingSafeEqual } from "node:crypto";
import type { Server, Socket } from "socket.io";
import { ChunkFault, MAX_PACKET_BYTES, MAX_PACKETS } from "../shared/chunk.ts";
import type { Ack, ClientEvents, ErrorCode, Refusal, ServerEvents, StreamInfo } from "../shared/protocol.ts";
import type { Broadcast, BroadcastRequest, Broadcasts } from "./broadcasts.ts";
import { Bucket } from "./bucket.ts";
import type { Config } from "./config.ts";
import type { Directory, Entry } from "./directory.ts";
import { bitrateRequest, reason, startRequest, streamRequest } from "./requests.ts";

export type Io = Server<ClientEvents, ServerEvents>;
type Client = Socket<ClientEvents, ServerEvents>;

/** Messages a second of one socket: a broadcaster at 20 ms sends 50. */
const MESSAGES = { rate: 80, burst: 200 };
/** Bytes a second of one socket: 320 kbit/s with its framing, twice over. */
const BYTES = { rate: 100_000, burst: 400_000 };

export interface SocketsOptions {
  readonly io: Io;
  readonly config: Config;
  readonly directory: Directory;
  readonly broadcasts: Broadcasts;
  readonly draining: () => boolean;
}

/** The room of those who listen to a stream. */
export const room = (stream: string): string => `stream:${stream}`;

export function serveSockets({ io, config, directory, broadcasts, draining }: SocketsOptions): void {
  io.on("connection", (socket) => {
    const messages = new Bucket(MESSAGES.rate, MESSAGES.burst);
    const bytes = new Bucket(BYTES.rate, BYTES.burst);
    let broadcast: Broadcast | undefined;
    let starting: Promise<Broadcast | undefined> | undefined;
    let listening: string | undefined;

    // In one go: requests that come back to back would meet between leaving and joining.
    const listenTo = (stream: string | undefined): void => {
      if (listening !== undefined) void socket.leave(room(listening));
      if (stream !== undefined) void socket.join(room(stream));
      listening = stream;
      socket.data.listening = stream !== undefined;
    };

    const begin = async (request: BroadcastRequest): Promise<Broadcast | undefined> => {
      const { stream } = request;
      broadcast = await broadcasts.start(request, (why) => {
        if (why === "draining" || why === "taken") socket.emit("stream-ended", { stream, reason: why });
      });
      // The socket may have gone while the directory was asked.
      if (!socket.connected) await broadcast?.end("disconnected");
      return broadcast;
    };

    socket.use((packet, next) => {
      if (messages.take(1)) return next();
      const ack = packet.at(-1);
      if (typeof ack === "function") ack(refuse("rate-limited", "too many messages a second"));
    });

    socket.on("start-broadcast", async (request, ack) => {
      if (typeof ack !== "function") return;
      const parsed = startRequest.safeParse(request);
      if (!parsed.success) return ack(refuse("bad-request", reason(parsed.error)));
      if (draining()) return ack(refuse("draining", "this worker is leaving"));
      const { stream, title, bitrate, channels, token } = parsed.data;
      if (config.broadcastToken !== undefined && !sameSecret(token ?? "", config.broadcastToken)) {
        return ack(refuse("unauthorized", "the token is not the one that broadcasters need"));
      }
      if (starting || (broadcast && !broadcast.ended))
        return ack(refuse("bad-request", "this connection broadcasts already"));
      starting = begin({ stream, title: title ?? stream, bitrate, channels });
      const started = await starting.finally(() => {
        starting = undefined;
      });
      if (!started) return ack(refuse("stream-taken", `somebody else broadcasts "${stream}"`));
      ack({ ok: true, info: info(started.entry, 0, config) });
    });

    socket.on("audio-chunk", (chunk, ack) => {
      const answer: Ack = typeof ack === "function" ? ack : () => {};
      if (!broadcast || broadcast.ended)
        return answer(refuse("not-broadcasting", "start-broadcast comes first"));
      if (!(chunk instanceof Uint8Array)) return answer(refuse("bad-chunk", "a chunk is binary"));
      if (!bytes.take(chunk.length)) return answer(refuse("rate-limited", "too many bytes a second"));
      try {
        broadcast.feed(chunk);
        answer({ ok: true });
      } catch (error) {
        if (!(error instanceof ChunkFault)) throw error;
        answer(refuse("bad-chunk", error.message));
      }
    });

    socket.on("bitrate-change", async (request, ack) => {
      const answer: Ack = typeof ack === "function" ? ack : () => {};
      const parsed = bitrateRequest.safeParse(request);
      if (!parsed.success) return answer(refuse("bad-request", reason(parsed.error)));
      if (!broadcast || broadcast.ended)
        return answer(refuse("not-broadcasting", "start-broadcast comes first"));
      await broadcast.setBitrate(parsed.data.bitrate);
      answer({ ok: true });
    });

    socket.on("stop-broadcast", async (ack) => {
      // Also one that the directory is still being asked for.
      await starting;
      await broadcast?.end("stopped");
      broadcast = undefined;
      if (typeof ack === "function") ack({ ok: true });
    });

    socket.on("join-stream", async (request, ack) => {
      if (typeof ack !== "function") return;
      const parsed = streamRequest.safeParse(request);
      if (!parsed.success) return ack(refuse("bad-request", reason(parsed.error)));
      const { stream } = parsed.data;
      if (draining()) return ack(refuse("draining", "this worker is leaving"));
      if (listening === undefined && listeners(io) >= config.maxListeners)
        return ack(refuse("full", "this worker has as many listeners as it takes"));
      // Also before anybody broadcasts: whoever waits hears it begin.
      listenTo(stream);
      const entry = await directory.find(stream);
      if (!entry)
        return ack(
          refuse("no-such-stream", `nobody broadcasts "${stream}" now; you will hear it when somebody does`),
        );
      ack({ ok: true, info: info(entry, await directory.listeners(stream, here(io, stream)), config) });
    });

    socket.on("leave-stream", (ack) => {
      listenTo(undefined);
      if (typeof ack === "function") ack({ ok: true });
    });

    socket.on("stream-info", async (request, ack) => {
      if (typeof ack !== "function") return;
      const parsed = streamRequest.safeParse(request);
      if (!parsed.success) return ack(refuse("bad-request", reason(parsed.error)));
      const { stream } = parsed.data;
      const entry = await directory.find(stream);
      if (!entry) return ack(refuse("no-such-stream", `nobody broadcasts "${stream}" now`));
      ack({ ok: true, info: info(entry, await directory.listeners(stream, here(io, stream)), config) });
    });

    socket.on("disconnect", () => {
      broadcast?.end("disconnected").catch(() => {});
    });
  });
}

/** Sockets of this worker in a stream's room. */
export function here(io: Io, stream: string): number {
  return io.of("/").adapter.rooms.get(room(stream))?.size ?? 0;
}

export function listeners(io: Io): number {
  let count = 0;
  for (const socket of io.of("/").sockets.values()) if ((socket as Client).data.listening) count += 1;
  return count;
}

export function info(entry: Entry, count: number, config: Config): StreamInfo {
  const { stream, title, bitrate, channels, since } = entry;
  return {
    stream,
    title,
    bitrate,
    channels,
    since,
    listeners: count,
    region: config.region,
    instance: config.instance,
  };
}

/** Largest message taken: a chunk of the largest packets, with its header. */
export const MAX_MESSAGE = 1024 + MAX_PACKETS * MAX_PACKET_BYTES;

function refuse(code: ErrorCode, message: string): Refusal {
  return { ok: false, code, message };
}

/** In constant time whatever the lengths. */
function sameSecret(given: string, wanted: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(wanted));
}
