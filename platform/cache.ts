import { z } from "zod";
import { memory } from "./quantity.ts";
import { secret } from "./secret.ts";

/** redis.conf, `maxmemory-policy`. */
const POLICIES = [
  "noeviction",
  "allkeys-lru",
  "allkeys-lfu",
  "allkeys-random",
  "volatile-lru",
  "volatile-lfu",
  "volatile-random",
  "volatile-ttl",
] as const;

export const cache = z
  .strictObject({
    maxmemory: memory.meta({ description: "What Redis holds at most: MiB, GiB or TiB." }),
    "maxmemory-policy": z
      .enum(POLICIES)
      .default("allkeys-lru")
      .meta({ description: "What goes when memory is full." }),
    password: secret,
  })
  .meta({ description: "Redis, on the one host of each region with the role cache." });
