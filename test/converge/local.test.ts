import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleCli } from "../../bin/bundle-cli.ts";
import type { Artifact } from "../../bundle/manifest.ts";
import { Converge } from "../../constructs/host/converge.ts";
import { Host } from "../../constructs/host/host.ts";
import { freePort } from "../../relay/test/worker.ts";
import { synthOutput } from "../constructs/synth.ts";

const folder = mkdtempSync(join(tmpdir(), "local-"));
let port: number;
let output: string;

/** A program of one file that answers with what it is given, and ends with its supervisor. */
const PROGRAM = `if (process.env.LIFELINE === "stdin") process.stdin.resume().once("close", () => process.exit()); require("node:http").createServer((_, r) => r.end(process.env.WORD + require("node:fs").readFileSync("etc/word", "utf8"))).listen(Number(process.env.PORT), "127.0.0.1")`;

function artifact(name: string, content: string): Artifact {
  const file = join(folder, name);
  writeFileSync(file, content);
  return {
    file,
    sha256: createHash("sha256").update(content).digest("hex"),
    size: Buffer.byteLength(content),
  };
}

async function synth(word: string, extra = false): Promise<string> {
  const out = synthOutput((stack) => {
    const host = new Host(stack, "here", { transport: { directory: "root" }, cpus: 1, memory: 512 });
    host.file(stack, "/opt/program.js", { content: artifact("program.js", PROGRAM), mode: "0755" });
    // What runs belongs to the host: here a wrapper around this test's own runtime.
    host.file(stack, "/opt/run", { content: `#!/bin/sh\nexec ${process.execPath} "$@"\n`, mode: "0755" });
    if (extra) host.file(stack, "/etc/extra", { content: "extra\n" });
    host.secret(stack, "/etc/word", { parts: [{ env: "LOCAL_WORD", version: 1 }] });
    host.service(stack, {
      name: "program",
      description: "test",
      command: ["/opt/run", "/opt/program.js"],
      environment: { WORD: word, PORT: String(port) },
      restart: ["/opt/program.js"],
    });
    host.probe(stack, "answers", {
      command: `${process.execPath} -e 'fetch("http://127.0.0.1:${port}").then(() => process.exit(0), () => process.exit(1))'`,
      seconds: 10,
    });
    new Converge(stack, "converge", { stack: "local", hosts: [host] });
  }, "local");
  await bundleCli(join(out, "bin", "soundstage.mjs"));
  return out;
}

function cli(...args: string[]) {
  return spawnSync(process.execPath, [join(output, "bin", "soundstage.mjs"), ...args], {
    encoding: "utf8",
    env: { ...process.env, SOUNDSTAGE_PLATFORM: join(folder, "platform.yaml"), LOCAL_WORD: " of honour" },
  });
}

const answer = () =>
  fetch(`http://127.0.0.1:${port}`).then(
    (response) => response.text(),
    () => "nothing",
  );

beforeAll(async () => {
  port = await freePort();
  mkdirSync(join(folder, "root"));
});
afterAll(() => {
  cli("down", "local");
});

test("a folder gets its files and its process, which outlives the command", async () => {
  output = await synth("one");
  const manifest = join(output, "stacks", "local", "hosts", "here", "manifest.json");
  expect(readFileSync(manifest, "utf8")).toContain('"opt/program.js"');
  const first = cli("apply", "--stack", "local");
  expect([first.stderr, first.status]).toEqual(["", 0]);
  expect(await answer()).toBe("one of honour");
  expect(statSync(join(folder, "root", "etc/word")).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, "root", "opt/program.js")).mode & 0o777).toBe(0o755);
  expect(cli("apply", "--stack", "local").stdout).toMatch(/^here +same/);
});

test("a process that ends is started again, a file that was edited is mended", async () => {
  const pid = () => {
    const { stdout } = spawnSync("pgrep", ["-f", `^${process.execPath} opt/program.js`], {
      encoding: "utf8",
    });
    expect(stdout).toMatch(/^\d+\n$/);
    return Number(stdout);
  };
  const before = pid();
  process.kill(before, "SIGKILL");
  await expect.poll(answer, { timeout: 10_000 }).toBe("one of honour");
  expect(pid()).not.toBe(before);
  writeFileSync(join(folder, "root", "opt/program.js"), "broken");
  expect(cli("apply", "--stack", "local").stdout).toContain("/opt/program.js");
  expect(await answer()).toBe("one of honour");
});

test("a change is applied, and what left the manifest goes", async () => {
  output = await synth("two", true);
  expect(cli("apply", "--stack", "local").status).toBe(0);
  expect(await answer()).toBe("two of honour");
  expect(existsSync(join(folder, "root", "etc/extra"))).toBe(true);
  output = await synth("two");
  expect(cli("apply", "--stack", "local").stdout).toContain("/etc/extra (gone)");
  expect(existsSync(join(folder, "root", "etc/extra"))).toBe(false);
});

test("a supervisor that is killed leaves no process behind, and the next apply starts both", async () => {
  const [pid] = readFileSync(join(folder, "root", ".soundstage", "supervisor.pid"), "utf8").split(" ");
  process.kill(Number(pid), "SIGKILL");
  await expect.poll(answer, { timeout: 10_000 }).toBe("nothing");
  const applied = cli("apply", "--stack", "local");
  expect([applied.stderr, applied.status]).toEqual(["", 0]);
  expect(await answer()).toBe("two of honour");
});

test("down stops it, and only it", async () => {
  expect(cli("down", "local").stdout).toBe("here  stopped\n");
  expect(await answer()).toBe("nothing");
  expect(cli("down", "local").stdout).toBe("here  was not running\n");
});

test("a port that somebody else answers on is not taken for ours", async () => {
  // Of another process: this one waits for the command.
  const script = `require("node:http").createServer((_, r) => r.end("somebody else")).listen(${port}, "127.0.0.1", () => console.log("up"))`;
  const other = spawn(process.execPath, ["-e", script]);
  await new Promise((resolve) => other.stdout.once("data", resolve));
  const { status, stderr } = cli("apply", "--stack", "local");
  other.kill();
  expect([status, stderr]).toEqual([1, expect.stringContaining("another process answers in its place")]);
});

test.for([
  [["apply", "--stack", "elsewhere"], /"elsewhere" has no hosts, or the output was not synthesized/],
  [["apply", "nobody", "--stack", "local"], /local has no host nobody; it has here/],
  [["converge"], /missing required argument/],
  [["frobnicate"], /unknown command/],
] as const)("soundstage %j fails in words", ([args, message]) => {
  const { status, stderr } = cli(...args);
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(status).toBe(1);
});
