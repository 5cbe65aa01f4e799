// A worker of the relay: HTTP, sockets, the demo source, its health and its end.
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createAdapter } from "@socket.io/redis-streams-adapter";
import type { Logger } from "pino";
import type { RedisClientType } from "redis";
import { Server } from "socket.io";
import { startDemo } from "../demo/source.ts";
import { Broadcasts } from "./broadcasts.ts";
import type { Config } from "./config.ts";
import { type Directory, LocalDirectory, SharedDirectory } from "./directory.ts";
import { Lateness } from "./lateness.ts";
import { Listing } from "./listing.ts";
import { Pages, SECURITY_HEADERS } from "./pages.ts";
import { connectRedis } from "./redis.ts";
import { SlowListeners } from "./slow.ts";
import { here, type Io, info, listeners, MAX_MESSAGE, room, serveSockets } from "./sockets.ts";

export interface RelayOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Folder of the built pages. */
  readonly pages: string;
  readonly version: string;
}

/** Milliseconds: above this the worker can not keep a stream of 20 ms packets in time. */
const MAX_LOOP_DELAY = 200;
/** Milliseconds between counts of a stream's listeners. */
const COUNT_EVERY = 2_000;
/** Milliseconds before the deadline in which connections may still close in order. */
const FAREWELL = 250;

export class Relay {
  readonly #options: RelayOptions;
  readonly #http: HttpServer;
  readonly #io: Io;
  readonly #redis: RedisClientType | undefined;
  readonly #directory: Directory;
  readonly #broadcasts: Broadcasts;
  readonly #pages: Pages;
  readonly #slow: SlowListeners;
  readonly #listing: Listing;
  readonly #lateness = new Lateness();
  readonly #connections = new Set<Socket>();
  #counting: NodeJS.Timeout | undefined;
  #stopDemo: (() => Promise<void>) | undefined;
  #stopping: Promise<void> | undefined;
  /** When what is left is cut. */
  #deadline = Number.POSITIVE_INFINITY;

  constructor(options: RelayOptions) {
    this.#options = options;
    const { config, log } = options;
    this.#pages = new Pages(options.pages);
    this.#http = createServer((request, response) => {
      this.#answer(request.url ?? "/", request.method ?? "GET").then(
        (answer) => {
          if (answer) {
            const text = `${JSON.stringify(answer.body)}\n`;
            response.writeHead(answer.status, {
              ...SECURITY_HEADERS,
              "Content-Type": "application/json",
              "Cache-Control": "no-store",
            });
            response.end(request.method === "HEAD" ? undefined : text);
          } else if (!this.#pages.serve((request.url ?? "/").split("?")[0] as string, request, response)) {
            response
              .writeHead(404, { ...SECURITY_HEADERS, "Content-Type": "text/plain; charset=utf-8" })
              .end("There is no such page.\n");
          }
        },
        (error: unknown) => {
          log.error({ error }, "a request failed");
          response.writeHead(500).end();
        },
      );
    });
    this.#http.on("connection", (connection) => {
      this.#connections.add(connection);
      connection.once("close", () => this.#connections.delete(connection));
    });
    this.#redis = config.redis && connectRedis(config.redis, log);
    this.#io = new Server(this.#http, {
      serveClient: false,
      maxHttpBufferSize: MAX_MESSAGE,
      connectTimeout: 10_000,
      httpCompression: false,
      perMessageDeflate: false,
      ...(config.origins.length > 0 && { cors: { origin: [...config.origins] } }),
      ...(this.#redis && { adapter: createAdapter(this.#redis, { maxLen: 5_000, readCount: 200 }) }),
      allowRequest: (request, callback) => {
        const { origin, host } = request.headers;
        const same = origin === undefined || sameHost(origin, host);
        callback(null, (same || config.origins.includes(origin)) && !this.#crowded());
      },
    });
    this.#slow = new SlowListeners(this.#http, this.#io, log);
    this.#directory = this.#redis ? new SharedDirectory(this.#redis, config.instance) : new LocalDirectory();
    this.#broadcasts = new Broadcasts(this.#directory, {
      audio: (stream, chunk) => this.#io.to(room(stream)).emit("audio-data", stream, chunk),
      ended: (stream, reason) => this.#io.to(room(stream)).emit("stream-ended", { stream, reason }),
      bitrate: (stream, bitrate) => this.#io.to(room(stream)).emit("bitrate-change", { stream, bitrate }),
    });
    this.#listing = new Listing(this.#directory, (stream) => here(this.#io, stream));
    serveSockets({
      io: this.#io,
      config,
      directory: this.#directory,
      broadcasts: this.#broadcasts,
      draining: () => this.#stopping !== undefined,
    });
  }

  /** @returns the port, which is a free one where the configured port is 0 */
  async start(): Promise<number> {
    const { config } = this.#options;
    this.#lateness.start();
    await new Promise<void>((resolve, reject) => {
      this.#http.once("error", reject);
      this.#http.listen(config.port, config.host, resolve);
    });
    this.#countLater();
    if (config.demo) this.#stopDemo = startDemo(this.#broadcasts, this.#options.log);
    return (this.#http.address() as AddressInfo).port;
  }

  /**
   * Not ready from now on; clients are told to connect elsewhere, and what is left after `deadline` ms is cut.
   * Who calls it again waits for the same end, and may bring it nearer.
   */
  stop(deadline = 8_000): Promise<void> {
    this.#deadline = Math.min(this.#deadline, Date.now() + deadline);
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#counting);
    await this.#orDeadline(this.#leave(), FAREWELL);
    // A request that was sent by half, or a client that does not answer the end, would hold it up.
    await this.#orDeadline(this.#io.close());
    for (const connection of this.#connections) connection.destroy();
    this.#slow.stop();
    this.#redis?.destroy();
    this.#lateness.stop();
  }

  async #leave(): Promise<void> {
    for (const socket of this.#io.of("/").sockets.values()) {
      // Spread out, so that the next worker is not met by all at once.
      socket.emit("reconnect", { delay: Math.round(Math.random() * 2_000) });
    }
    await this.#stopDemo?.();
    await this.#broadcasts.endAll("draining");
    while (this.#io.engine.clientsCount > 0) await wait();
  }

  async #orDeadline(work: Promise<void>, before = 0): Promise<void> {
    let done = false;
    const end = () => {
      done = true;
    };
    const ended = work.finally(end);
    while (!done && Date.now() < this.#deadline - before) await Promise.race([ended, wait()]);
  }

  /** Why this worker should not be sent anybody; empty when it is ready. */
  unready(): string[] {
    const late = this.#lateness.ms;
    const full = listeners(this.#io) >= this.#options.config.maxListeners || this.#crowded();
    return [
      ...(this.#stopping ? ["draining"] : []),
      ...(this.#redis && !this.#redis.isReady ? ["Redis is not connected"] : []),
      ...(late > MAX_LOOP_DELAY ? [`the event loop is ${Math.round(late)} ms late`] : []),
      ...(full ? ["full"] : []),
    ];
  }

  /** Connected pages that do not listen are bounded as well. */
  #crowded(): boolean {
    return this.#io.engine.clientsCount >= 2 * this.#options.config.maxListeners;
  }

  async #answer(url: string, method: string): Promise<{ status: number; body: unknown } | undefined> {
    if (method !== "GET" && method !== "HEAD")
      return { status: 405, body: { error: `${method} is not answered here` } };
    const { config, version } = this.#options;
    const path = url.split("?")[0];
    if (path === "/health/live") return { status: 200, body: { status: "live" } };
    if (path === "/health/ready") {
      const reasons = this.unready();
      return {
        status: reasons.length > 0 ? 503 : 200,
        body: { status: reasons.length > 0 ? "not ready" : "ready", reasons },
      };
    }
    if (path === "/health") {
      const reasons = this.unready();
      const body = {
        status: reasons.length > 0 ? "degraded" : "ok",
        reasons,
        version,
        region: config.region,
        instance: config.instance,
        uptime: Math.round(process.uptime()),
        broadcasts: this.#broadcasts.count,
        listeners: listeners(this.#io),
        slow: this.#slow.facts,
      };
      return { status: 200, body };
    }
    if (path === "/streams") {
      const streams = (await this.#listing.get()).map((listed) =>
        info(listed.entry, listed.listeners, config),
      );
      return { status: 200, body: { streams } };
    }
    return undefined;
  }

  #countLater(): void {
    this.#counting = setTimeout(async () => {
      await this.#tellListeners().catch(() => {});
      if (!this.#stopping) this.#countLater();
    }, COUNT_EVERY);
  }

  /** Tells listeners of this worker how many they are in all. */
  async #tellListeners(): Promise<void> {
    const { rooms } = this.#io.of("/").adapter;
    for (const { entry, listeners: count } of await this.#listing.get()) {
      const name = room(entry.stream);
      if (rooms.has(name))
        this.#io.local.to(name).emit("stream-info", info(entry, count, this.#options.config));
    }
  }
}

function wait(): Promise<void> {
  return new Promise((done) => setTimeout(done, 50));
}

function sameHost(origin: string, host: string | undefined): boolean {
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}
