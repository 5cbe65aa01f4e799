// A thousand hosts in one process: what it needs of memory is measured, over real SSH and with real bundles.
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleCli } from "../../bin/bundle-cli.ts";
import type { Artifact } from "../../bundle/manifest.ts";
import { Converge } from "../../constructs/host/converge.ts";
import { artifactOf } from "../artifact.ts";
import { synthOutput } from "../constructs/synth.ts";
import { Cli } from "./cli.ts";
import { labHost } from "./lab-host.ts";
import { addressOf, PORT } from "./stand-ins.ts";

const HOSTS = 1000;
const FILES = 40;

const folder = mkdtempSync(join(tmpdir(), "thousand-"));
const cli = join(folder, "soundstage.mjs");
let standIns: ReturnType<typeof spawn>;
let out: string;

beforeAll(async () => {
  const key = join(folder, "key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key]);
  out = output(readFileSync(`${key}.pub`, "utf8").trim());
  await bundleCli(cli);
  const script = join(import.meta.dirname, "stand-ins.ts");
  standIns = spawn(process.execPath, ["--import", "tsx", script, key, String(HOSTS)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(standIns.stdout as NonNullable<typeof standIns.stdout>, "data");
});
afterAll(() => void standIns?.kill());

function output(hostKey: string): string {
  const large = artifact(2 << 20);
  return synthOutput((stack) => {
    const hosts = Array.from({ length: HOSTS }, (_, number) => {
      const ssh = { address: addressOf(number), ports: [PORT], hostKey, identity: "key" };
      const host = labHost(stack, `h${number}`, ssh);
      for (let file = 0; file < FILES; file += 1)
        host.file(stack, `/srv/${file}`, { content: `${`${number} ${file} `.repeat(200)}\n` });
      host.file(stack, "/opt/large", { content: large });
      host.probe(stack, "up", { command: "true", seconds: 1 });
      return host;
    });
    new Converge(stack, "converge", { stack: "thousand", hosts });
  }, "thousand");
}

function artifact(size: number): Artifact {
  const file = join(folder, "large");
  writeFileSync(file, randomBytes(size));
  return artifactOf(file);
}

/** Applies to all of them, and returns the last line with the most memory that the process had, in MB. */
async function applied(): Promise<[code: number | null, last: string | undefined, peak: number]> {
  const run = new Cli(
    [process.execPath, cli, "apply", "--stack", "thousand", "--output", out, "--waves", "100%"],
    { SOUNDSTAGE_PLATFORM: join(folder, "platform.yaml") },
  );
  let peak = 0;
  const sample = setInterval(() => {
    const status = readFileSync(`/proc/${run.child.pid}/status`, "utf8");
    peak = Math.max(peak, Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
  }, 200);
  run.child.once("exit", () => clearInterval(sample));
  const { code, stdout } = await run.ended;
  return [code, stdout.trim().split("\n").at(-1), peak];
}

test.skipIf(process.platform !== "linux")("a thousand hosts that change take less than 400 MB", async () => {
  const [code, last, peak] = await applied();
  expect([code, last]).toEqual([0, expect.stringMatching(/^0 same, 1000 changed, 0 failed, in/)]);
  console.log(`most memory while 1000 hosts change: ${Math.round(peak)} MB`);
  expect(peak).toBeLessThan(400);
});

test.skipIf(process.platform !== "linux")("those at their bundles leave as they answer", async () => {
  const [code, last, peak] = await applied();
  expect([code, last]).toEqual([0, expect.stringMatching(/^1000 same, 0 changed, 0 failed, in/)]);
  console.log(`most memory while 1000 hosts are the same: ${Math.round(peak)} MB`);
  expect(peak).toBeLessThan(250);
});
