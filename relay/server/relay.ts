// A worker of the relay: HTTP, sockets, the demo source, its health and its end.
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createAdapter } from "@socket.io/redis-streams-adapter";
import type { Logger } from "pino";
import type { RedisClientType } from "redis";
import { Server } from "socket.io";
import { startDemo } from "../demo/source.ts";
import { Broadcasts } from "./broadcasts.ts";
import type { Config } from "./config.ts";
import { type Directory, LocalDirectory, SharedDirectory } from "./directory.ts";
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

export class Relay {
  readonly #options: RelayOptions;
  readonly #http: HttpServer;
  readonly #io: Io;
  readonly #redis: RedisClientType | undefined;
  readonly #directory: Directory;
  readonly #broadcasts: Broadcasts;
  readonly #pages: Pages;
  readonly #slow: SlowListeners;
  readonly #delay = monitorEventLoopDelay({ resolution: 20 });
  readonly #timers: NodeJS.Timeout[] = [];
  #stopDemo: (() => Promise<void>) | undefined;
  #draining = false;

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
    this.#redis = config.redis && connectRedis(config.redis, log);
    this.#io = new Server(this.#http, {
      serveClient: false,
      maxHttpBufferSize: MAX_MESSAGE,
      connectTimeout: 10_000,
      httpCompression: false,
      perMessageDeflate: false,
      ...(this.#redis && { adapter: createAdapter(this.#redis, { maxLen: 5_000, readCount: 200 }) }),
      allowRequest: (request, callback) => {
        const { origin, host } = request.headers;
        const same = origin === undefined || sameHost(origin, host);
        callback(null, same || config.origins.includes(origin));
      },
    });
    this.#slow = new SlowListeners(this.#http, this.#io, log);
    this.#directory = this.#redis ? new SharedDirectory(this.#redis, config.instance) : new LocalDirectory();
    this.#broadcasts = new Broadcasts(this.#directory, {
      audio: (stream, chunk) => this.#io.to(room(stream)).emit("audio-data", stream, chunk),
      ended: (stream, reason) => this.#io.to(room(stream)).emit("stream-ended", { stream, reason }),
      bitrate: (stream, bitrate) => this.#io.to(room(stream)).emit("bitrate-change", { stream, bitrate }),
    });
    serveSockets({
      io: this.#io,
      config,
      directory: this.#directory,
      broadcasts: this.#broadcasts,
      draining: () => this.#draining,
    });
  }

  /** @returns the port, which is a free one where the configured port is 0 */
  async start(): Promise<number> {
    const { config } = this.#options;
    this.#delay.enable();
    await new Promise<void>((resolve, reject) => {
      this.#http.once("error", reject);
      this.#http.listen(config.port, config.host, resolve);
    });
    this.#timers.push(setInterval(() => void this.#tellListeners().catch(() => {}), COUNT_EVERY));
    if (config.demo) this.#stopDemo = startDemo(this.#broadcasts, this.#options.log);
    return (this.#http.address() as AddressInfo).port;
  }

  /** Not ready from now on; clients are told to connect elsewhere, and what is left after `deadline` ms is cut. */
  async stop(deadline = 8_000): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#stopDemo?.();
    for (const socket of this.#io.of("/").sockets.values()) {
      // Spread out, so that the next worker is not met by all at once.
      socket.emit("reconnect", { delay: Math.round(Math.random() * 2_000) });
    }
    await this.#broadcasts.endAll("draining");
    const end = Date.now() + deadline;
    while (this.#io.engine.clientsCount > 0 && Date.now() < end)
      await new Promise((done) => setTimeout(done, 50));
    await this.#io.close();
    this.#slow.stop();
    this.#redis?.destroy();
    this.#delay.disable();
  }

  /** Why this worker should not be sent anybody; empty when it is ready. */
  unready(): string[] {
    const delay = this.#delay.percentile(99) / 1e6;
    this.#delay.reset();
    return [
      ...(this.#draining ? ["draining"] : []),
      ...(this.#redis && !this.#redis.isReady ? ["Redis is not connected"] : []),
      ...(delay > MAX_LOOP_DELAY ? [`the event loop is ${Math.round(delay)} ms late`] : []),
      ...(listeners(this.#io) >= this.#options.config.maxListeners ? ["full"] : []),
    ];
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
      const entries = await this.#directory.list();
      const streams = await Promise.all(
        entries.map(async (entry) =>
          info(entry, await this.#directory.listeners(entry.stream, here(this.#io, entry.stream)), config),
        ),
      );
      return { status: 200, body: { streams } };
    }
    return undefined;
  }

  /** Tells listeners of this worker how many they are in all. */
  async #tellListeners(): Promise<void> {
    for (const name of [...this.#io.of("/").adapter.rooms.keys()].filter((key) =>
      key.startsWith("stream:"),
    )) {
      const stream = name.slice("stream:".length);
      const entry = await this.#directory.find(stream);
      const count = await this.#directory.listeners(stream, here(this.#io, stream));
      if (entry) this.#io.local.to(name).emit("stream-info", info(entry, count, this.#options.config));
    }
  }
}

function sameHost(origin: string, host: string | undefined): boolean {
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}
