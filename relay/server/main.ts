// The program: settings from the environment, one worker, an orderly end.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import pino from "pino";
import { ConfigFault, readConfig } from "./config.ts";
import { Relay } from "./relay.ts";

/** Milliseconds: nobody looks after it any more, and its port is wanted. */
const ORPHANED = 1_000;

const folder = import.meta.dirname;

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = pino({ level: config.logLevel, base: { instance: config.instance } });
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
  const relay = new Relay({ config, log, pages: join(folder, "public"), version });
  const port = await relay.start();
  log.info(
    { host: config.host, port, version, region: config.region, redis: config.redis !== undefined },
    "listening",
  );
  const end = (signal: string, deadline?: number) => {
    log.info({ signal }, "draining");
    relay.stop(deadline).then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ error }, "did not end in order");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", () => end("SIGTERM"));
  process.on("SIGINT", () => end("SIGINT"));
  if (config.lifeline) process.stdin.once("close", () => end("end of input", ORPHANED)).resume();
}

main().catch((error: NodeJS.ErrnoException) => {
  const text =
    error instanceof ConfigFault
      ? error.message
      : error.code === "EADDRINUSE"
        ? `${process.env.RELAY_HOST ?? "127.0.0.1"}:${process.env.RELAY_PORT ?? 3000} is in use: set RELAY_PORT to another port`
        : error.message;
  process.stderr.write(`soundstage-relay: ${text}\n`);
  process.exit(1);
});
