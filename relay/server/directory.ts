// Who broadcasts what: on this worker, and through Redis on all that share it.
import type { RedisClientType } from "redis";

export interface Entry {
  readonly stream: string;
  readonly title: string;
  readonly bitrate: number;
  readonly channels: 1 | 2;
  readonly since: number;
  /** Tells one broadcast from another of the same name. */
  readonly owner: string;
}

export interface Directory {
  /** False where somebody else broadcasts under that name. */
  claim(entry: Entry): Promise<boolean>;
  /** Keeps the claim alive, with what has changed; false where it was lost to somebody else. */
  renew(entry: Entry): Promise<boolean>;
  release(entry: Entry): Promise<void>;
  find(stream: string): Promise<Entry | undefined>;
  list(): Promise<Entry[]>;
  /** Says how many listen on this worker and returns how many listen on all. */
  listeners(stream: string, here: number): Promise<number>;
}

export class LocalDirectory implements Directory {
  readonly #entries = new Map<string, Entry>();

  async claim(entry: Entry): Promise<boolean> {
    if (this.#entries.has(entry.stream)) return false;
    this.#entries.set(entry.stream, entry);
    return true;
  }

  async renew(entry: Entry): Promise<boolean> {
    if (this.#entries.get(entry.stream)?.owner !== entry.owner) return false;
    this.#entries.set(entry.stream, entry);
    return true;
  }

  async release(entry: Entry): Promise<void> {
    if (this.#entries.get(entry.stream)?.owner === entry.owner) this.#entries.delete(entry.stream);
  }

  async find(stream: string): Promise<Entry | undefined> {
    return this.#entries.get(stream);
  }

  async list(): Promise<Entry[]> {
    return [...this.#entries.values()];
  }

  async listeners(_stream: string, here: number): Promise<number> {
    return here;
  }
}

const PREFIX = "soundstage:stream:";
const COUNTS = "soundstage:listeners:";
/** Milliseconds a claim holds without being renewed: a worker that died frees its streams. */
const HOLD = 8_000;
/** Milliseconds a count of another worker is believed. */
const FRESH = 10_000;
const RENEW = `local held = redis.call("GET", KEYS[1])
if held and cjson.decode(held).owner ~= ARGV[1] then return 0 end
redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3]) return 1`;
const RELEASE = `local held = redis.call("GET", KEYS[1])
if held and cjson.decode(held).owner == ARGV[1] then return redis.call("DEL", KEYS[1]) end return 0`;

/** While Redis is away each worker knows and serves its own streams. */
export class SharedDirectory implements Directory {
  readonly #redis: RedisClientType;
  readonly #instance: string;
  readonly #local = new LocalDirectory();

  constructor(redis: RedisClientType, instance: string) {
    this.#redis = redis;
    this.#instance = instance;
  }

  async claim(entry: Entry): Promise<boolean> {
    if (!(await this.#local.claim(entry))) return false;
    const taken = await this.#try(
      () =>
        this.#redis.set(PREFIX + entry.stream, JSON.stringify(entry), {
          expiration: { type: "PX", value: HOLD },
          condition: "NX",
        }),
      "OK",
    );
    if (taken === null) await this.#local.release(entry);
    return taken !== null;
  }

  async renew(entry: Entry): Promise<boolean> {
    if (!(await this.#local.renew(entry))) return false;
    const kept = await this.#try(
      () =>
        this.#redis.eval(RENEW, {
          keys: [PREFIX + entry.stream],
          arguments: [entry.owner, JSON.stringify(entry), String(HOLD)],
        }),
      1,
    );
    if (kept === 0) await this.#local.release(entry);
    return kept !== 0;
  }

  async release(entry: Entry): Promise<void> {
    await this.#local.release(entry);
    await this.#try(
      () => this.#redis.eval(RELEASE, { keys: [PREFIX + entry.stream], arguments: [entry.owner] }),
      0,
    );
  }

  async find(stream: string): Promise<Entry | undefined> {
    const own = await this.#local.find(stream);
    if (own) return own;
    return this.#try(async () => {
      const held = await this.#redis.get(PREFIX + stream);
      return held === null ? undefined : (JSON.parse(String(held)) as Entry);
    }, undefined);
  }

  async list(): Promise<Entry[]> {
    const entries = new Map((await this.#local.list()).map((entry) => [entry.stream, entry]));
    await this.#try(async () => {
      for await (const keys of this.#redis.scanIterator({ MATCH: `${PREFIX}*`, COUNT: 100 })) {
        const held = keys.length > 0 ? await this.#redis.mGet(keys) : [];
        for (const text of held) {
          if (text === null) continue;
          const entry = JSON.parse(String(text)) as Entry;
          entries.set(entry.stream, entry);
        }
      }
    }, undefined);
    return [...entries.values()].sort((a, b) => a.stream.localeCompare(b.stream));
  }

  async listeners(stream: string, here: number): Promise<number> {
    const now = Date.now();
    return this.#try(async () => {
      const key = COUNTS + stream;
      await this.#redis.multi().hSet(key, this.#instance, `${here} ${now}`).pExpire(key, FRESH).exec();
      const counts = Object.values(await this.#redis.hGetAll(key)).map((text) =>
        String(text).split(" ").map(Number),
      );
      return counts
        .filter(([, at]) => now - (at ?? 0) < FRESH)
        .reduce((sum, [count]) => sum + (count ?? 0), 0);
    }, here);
  }

  async #try<T>(call: () => Promise<T>, away: T): Promise<T> {
    if (!this.#redis.isReady) return away;
    try {
      return await call();
    } catch {
      return away;
    }
  }
}
