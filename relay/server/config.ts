// Settings by environment; every fault is named at once.
import { readFileSync } from "node:fs";

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly region: string;
  readonly instance: string;
  readonly origins: readonly string[];
  readonly maxListeners: number;
  readonly demo: boolean;
  readonly broadcastToken: string | undefined;
  readonly redis: RedisConfig | undefined;
  readonly logLevel: string;
  /** What started it holds its standard input open for as long as it lives, and it ends with that. */
  readonly lifeline: boolean;
}

export interface RedisConfig {
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly ca: string | undefined;
}

export class ConfigFault extends Error {}

export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const faults: string[] = [];
  const number = (name: string, fallback: number, min: number, max: number): number => {
    const value = env[name] === undefined ? fallback : Number(env[name]);
    if (!Number.isInteger(value) || value < min || value > max)
      faults.push(`${name}="${env[name]}" must be a whole number from ${min} to ${max}`);
    return value;
  };
  const file = (name: string): string | undefined => {
    const path = env[name];
    if (!path) return undefined;
    try {
      const text = readFileSync(path, "utf8").trim();
      if (text === "") faults.push(`${name}="${path}" is empty`);
      return text;
    } catch (error) {
      faults.push(`${name}="${path}" can not be read (${(error as NodeJS.ErrnoException).code})`);
      return undefined;
    }
  };
  const url = env.RELAY_REDIS_URL;
  if (url && !/^rediss?:\/\/[^/@]+$/.test(url))
    faults.push(`RELAY_REDIS_URL must be redis://host:port or rediss://host:port, without a password in it`);
  if (env.RELAY_DEMO !== undefined && !/^(on|off)$/.test(env.RELAY_DEMO))
    faults.push(`RELAY_DEMO="${env.RELAY_DEMO}" must be on or off`);
  const level = env.RELAY_LOG_LEVEL ?? "info";
  if (!/^(fatal|error|warn|info|debug|trace|silent)$/.test(level))
    faults.push(`RELAY_LOG_LEVEL="${level}" is no level of pino`);
  if (env.LIFELINE !== undefined && env.LIFELINE !== "stdin")
    faults.push(`LIFELINE="${env.LIFELINE}" must be stdin, or not set`);
  const port = number("RELAY_PORT", 3000, 0, 65_535);
  const config: Config = {
    host: env.RELAY_HOST ?? "127.0.0.1",
    port,
    region: env.RELAY_REGION ?? "local",
    instance: env.RELAY_INSTANCE ?? `relay-${port}`,
    origins: (env.RELAY_ORIGINS ?? "")
      .split(",")
      .map((origin) => origin.trim())
      .filter(Boolean),
    maxListeners: number("RELAY_MAX_LISTENERS", 10_000, 1, 1_000_000),
    demo: env.RELAY_DEMO === "on",
    broadcastToken: file("RELAY_BROADCAST_TOKEN_FILE"),
    redis: url
      ? {
          url,
          username: env.RELAY_REDIS_USERNAME,
          password: file("RELAY_REDIS_PASSWORD_FILE"),
          ca: file("RELAY_REDIS_CA_FILE"),
        }
      : undefined,
    logLevel: level,
    lifeline: env.LIFELINE === "stdin",
  };
  if (faults.length > 0) throw new ConfigFault(faults.join("\n"));
  return config;
}
