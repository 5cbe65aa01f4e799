import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { afterEach, expect, test, vi } from "vitest";
import { Converge } from "../../../constructs/host/converge.ts";
import { Host } from "../../../constructs/host/host.ts";
import { logs } from "../../../converge/look/logs.ts";
import { Remote } from "../../../converge/script/remote.ts";
import { synthOutput } from "../../constructs/synth.ts";

const folder = mkdtempSync(join(tmpdir(), "logs-"));

afterEach(() => vi.restoreAllMocks());

function output(): string {
  return synthOutput((stack) => {
    const ssh = { address: "192.0.2.1", ports: [22], user: "root" };
    const host = new Host(stack, "eu-1", { transport: { ssh }, cpus: 1, memory: 512 });
    for (const name of ["nginx.service", "redis-server.service"]) host.unit(stack, name, {});
    new Converge(stack, "converge", { stack: "region-eu", hosts: [host] });
  }, "region-eu");
}

/** A host on which these programs answer, and all that its shell prints. */
function host(programs: Readonly<Record<string, string>>): string[] {
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  const said: string[] = [];
  const stream = async (command: string, _out: Writable) => {
    const PATH = `${folder}:${process.env.PATH}`;
    const { status, stdout, stderr } = spawnSync("sh", ["-c", command], { env: { PATH }, encoding: "utf8" });
    said.push(stdout);
    return { code: status ?? 1, stderr };
  };
  vi.spyOn(Remote, "connect").mockResolvedValue({ stream, close: () => {} } as unknown as Remote);
  return said;
}

const shown = (unit: string) => logs({ output: output(), stack: "region-eu", host: "eu-1", unit });

test("a unit that the host does not have is refused, with those that it has of ours", async () => {
  host({ systemctl: "echo not-found", journalctl: "exit 0" });
  await expect(shown("nosuch")).rejects.toThrow(
    "eu-1 has no unit nosuch, and its journal no line of one; of its bundle it has nginx.service, redis-server.service",
  );
});

test.for([
  ["has, though it logged nothing", { systemctl: "echo loaded", journalctl: "exit 0" }, ""],
  ["had", { systemctl: "echo not-found", journalctl: "echo a line" }, "a line\n"],
] as const)("a unit that the host %s is shown", async ([, programs, journal]) => {
  const said = host(programs);
  expect(await shown("old.service")).toBe(0);
  expect(said).toEqual([journal]);
});
