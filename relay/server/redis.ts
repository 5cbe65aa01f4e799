// The connection to Redis: optional, mended by itself, never waited for by what runs without it.

import type { Logger } from "pino";
import { createClient, type RedisClientType } from "redis";
import type { RedisConfig } from "./config.ts";

export function connectRedis(config: RedisConfig, log: Logger): RedisClientType {
  const tls = config.url.startsWith("rediss:");
  const client = createClient({
    url: config.url,
    ...(config.username && { username: config.username }),
    ...(config.password && { password: config.password }),
    socket: {
      ...(tls && { tls: true as const, ...(config.ca && { ca: [config.ca] }) }),
      connectTimeout: 3000,
      reconnectStrategy: (attempt) => Math.min(100 * 2 ** attempt, 3000),
    },
    // A command that can not be sent now is of no use later: audio is live.
    disableOfflineQueue: true,
    // Of Redis Enterprise alone; asking for them resolves the URL's host, which fails for an IPv6 address.
    maintNotifications: "disabled",
    pingInterval: 5000,
  }) as RedisClientType;
  // The adapter reads on duplicates, and asks again at once where a read fails: they wait for Redis
  // instead, or the loop would take the whole process.
  const duplicate = client.duplicate.bind(client);
  client.duplicate = ((overrides?: object) =>
    duplicate({ ...overrides, disableOfflineQueue: false })) as typeof client.duplicate;
  let away: string | undefined;
  client.on("error", (error: Error) => {
    if (away !== error.message) log.warn({ reason: error.message }, "Redis is away");
    away = error.message;
  });
  client.on("ready", () => {
    away = undefined;
    log.info("Redis is connected");
  });
  client.connect().catch(() => {}); // told by the error event, and tried again
  return client;
}
