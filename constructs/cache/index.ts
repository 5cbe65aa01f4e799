// soundstage/cache: Redis, which joins the relays of a region.
export { Redis, type RedisProps } from "./redis.ts";
