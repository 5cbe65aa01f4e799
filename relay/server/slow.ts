// Clients that read too slowly or not at all: they lose whole chunks, then their connection, and nobody else does.
import type { Server as HttpServer } from "node:http";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import type { Socket } from "socket.io";
import { durationOf } from "../shared/chunk.ts";
import { Backlog, MOST_BYTES } from "./backlog.ts";
import type { Io } from "./sockets.ts";

type Connection = Socket["conn"];

/** How Socket.IO's parser begins a message of audio; the chunk is the packet that follows at once. */
const AUDIO = '51-["audio-data",';
/** Milliseconds between looks at those that nothing is written to. */
const LOOK_EVERY = 1_000;
/** Milliseconds in which a client may still read why it was disconnected. */
const FAREWELL = 1_000;
/** RFC 6455 §7.4.1: the client violates a policy, which the reason names. */
const POLICY = 1008;

export interface SlowFacts {
  /** Bytes that wait for all clients. */
  readonly waiting: number;
  readonly skipped: number;
  readonly disconnected: number;
}

export class SlowListeners {
  readonly #log: Logger;
  readonly #backlogs = new Map<Connection, Backlog>();
  readonly #upgraded = new Set<Duplex>();
  readonly #timer: NodeJS.Timeout;
  #skipped = 0;
  #disconnected = 0;

  constructor(http: HttpServer, io: Io, log: Logger) {
    this.#log = log;
    io.engine.on("connection", (connection: Connection) => this.#watch(connection));
    http.on("upgrade", (_request, socket: Duplex) => {
      this.#upgraded.add(socket);
      socket.once("close", () => this.#upgraded.delete(socket));
    });
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY).unref();
  }

  get facts(): SlowFacts {
    const waiting = [...this.#backlogs.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    return { waiting, skipped: this.#skipped, disconnected: this.#disconnected };
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Whatever Socket.IO sends passes `write`, from this worker's broadcasters as from Redis. */
  #watch(connection: Connection): void {
    const backlog = new Backlog();
    this.#backlogs.set(connection, backlog);
    connection.once("close", () => this.#backlogs.delete(connection));
    const write = connection.write.bind(connection);
    let head: Parameters<typeof write> | undefined;
    connection.write = (data, options, callback) => {
      if (typeof data === "string" && data.startsWith(AUDIO)) {
        head = [data, options];
        return connection;
      }
      const now = performance.now();
      const audio = head && data instanceof Uint8Array ? durationOf(data) : 0;
      const bytes = lengthOf(data) + (head ? lengthOf(head[0]) : 0);
      const parts = head ? [head] : [];
      head = undefined;
      if (audio > 0 && !backlog.takes(bytes, audio, now)) this.#skipped += 1;
      else {
        backlog.written(bytes, audio, now);
        for (const part of parts) write(...part);
        write(data, options, (transport) => {
          backlog.left(bytes, audio, performance.now());
          callback?.(transport);
        });
      }
      if (backlog.lost(now)) this.#disconnect(connection, backlog);
      return connection;
    };
  }

  #look(): void {
    const now = performance.now();
    for (const [connection, backlog] of this.#backlogs)
      if (backlog.lost(now)) this.#disconnect(connection, backlog);
    // WebSocket pongs are answered below Engine.IO, and never pass `write`.
    for (const socket of this.#upgraded) {
      if (socket.writableLength <= 2 * MOST_BYTES) continue;
      this.#count(socket.writableLength);
      socket.destroy();
    }
  }

  #disconnect(connection: Connection, backlog: Backlog): void {
    if (connection.readyState !== "open") return;
    this.#count(backlog.bytes);
    // Engine.IO's own close says no reason, and waits for what the client does not read.
    const { name, socket } = connection.transport as unknown as {
      name: string;
      socket: { close(code: number, reason: string): void; terminate(): void };
    };
    if (name === "websocket") {
      socket.close(POLICY, "slow-listener");
      setTimeout(() => socket.terminate(), FAREWELL).unref();
    }
    connection.close(true);
  }

  #count(waiting: number): void {
    this.#disconnected += 1;
    this.#log.info({ reason: "slow-listener", waiting }, "disconnected");
  }
}

function lengthOf(data: unknown): number {
  return typeof data === "string" ? data.length : data instanceof Uint8Array ? data.length : 0;
}
