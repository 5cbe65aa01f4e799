import type { RedisClientType } from "redis";
import { expect, test } from "vitest";
import { SharedDirectory } from "../server/directory.ts";

test("what is no entry in Redis is nobody's broadcast, and ends no worker", async () => {
  const redis = { isReady: true, get: async () => "{" } as unknown as RedisClientType;
  expect(await new SharedDirectory(redis, "one").find("live")).toBeUndefined();
});
