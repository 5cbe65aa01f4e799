import { spawn } from "node:child_process";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FolderHost } from "./folder-host.ts";

let here: FolderHost;

beforeAll(async () => {
  here = await FolderHost.create({ lifeline: true });
});
afterAll(() => {
  here.cli("down", "local");
});

test("a folder gets its files and its process, which outlives the command", async () => {
  await here.synth("one");
  const manifest = join(here.output, "stacks", "local", "hosts", "here", "manifest.json");
  expect(readFileSync(manifest, "utf8")).toContain('"opt/program.js"');
  const first = here.cli("apply", "--stack", "local");
  expect([first.stderr, first.status]).toEqual(["", 0]);
  expect(await here.answer()).toBe("one of honour");
  expect(statSync(here.path("etc/word")).mode & 0o777).toBe(0o600);
  expect(statSync(here.path("opt/program.js")).mode & 0o777).toBe(0o755);
  expect(here.cli("apply", "--stack", "local").stdout).toMatch(/^here +same/);
});

const pid = () => Number(readFileSync(here.path(".soundstage", "processes"), "utf8").split(" ")[0]);

test("a process that ends is started again, a file that was edited is mended", async () => {
  const before = pid();
  process.kill(before, "SIGKILL");
  await expect.poll(() => here.answer(), { timeout: 10_000 }).toBe("one of honour");
  expect(pid()).not.toBe(before);
  writeFileSync(here.path("opt/program.js"), "broken");
  expect(here.cli("apply", "--stack", "local").stdout).toContain("/opt/program.js");
  expect(await here.answer()).toBe("one of honour");
});

test("a process that hangs is not taken for well because it is there", { timeout: 60_000 }, async () => {
  process.kill(pid(), "SIGSTOP");
  expect(here.cli("apply", "--stack", "local").stdout).not.toMatch(/^here +same/);
  expect(await here.answer()).toBe("one of honour");
});

test("a secret that others were let read is theirs no more", () => {
  chmodSync(here.path("etc/word"), 0o644);
  expect(here.cli("apply", "--stack", "local").status).toBe(0);
  expect(statSync(here.path("etc/word")).mode & 0o777).toBe(0o600);
});

test("a change is applied, and what left the manifest goes", async () => {
  await here.synth("two", true);
  expect(here.cli("apply", "--stack", "local").status).toBe(0);
  expect(await here.answer()).toBe("two of honour");
  expect(existsSync(here.path("etc/extra"))).toBe(true);
  await here.synth("two");
  expect(here.cli("apply", "--stack", "local").stdout).toContain("/etc/extra (gone)");
  expect(existsSync(here.path("etc/extra"))).toBe(false);
});

test("a supervisor that is killed leaves no process behind, and the next apply starts both", async () => {
  const [pid] = readFileSync(here.path(".soundstage", "supervisor.pid"), "utf8").split(" ");
  process.kill(Number(pid), "SIGKILL");
  await expect.poll(() => here.answer(), { timeout: 10_000 }).toBe("nothing");
  const applied = here.cli("apply", "--stack", "local");
  expect([applied.stderr, applied.status]).toEqual(["", 0]);
  expect(await here.answer()).toBe("two of honour");
});

test("down stops it, and only it", async () => {
  expect(here.cli("down", "local").stdout).toBe("here  stopped\n");
  expect(await here.answer()).toBe("nothing");
  expect(JSON.parse(here.cli("down", "local", "--json").stdout)).toEqual({
    stack: "local",
    hosts: [{ host: "here", stopped: false }],
  });
});

test("a port that somebody else answers on is not taken for ours", async () => {
  // Of another process: this one waits for the command.
  const script = `require("node:http").createServer((_, r) => r.end("somebody else")).listen(${here.port}, "127.0.0.1", () => console.log("up"))`;
  const other = spawn(process.execPath, ["-e", script]);
  await new Promise((resolve) => other.stdout.once("data", resolve));
  const { status, stderr } = here.cli("apply", "--stack", "local");
  other.kill();
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(/port \d+ of program is in use by node \(pid \d+\); stop it, or choose another/),
  ]);
});

test.for([
  [["apply", "--stack", "elsewhere"], /"elsewhere" has no hosts, or the output was not synthesized/],
  [["apply", "nobody", "--stack", "local"], /local has no host nobody; it has here/],
  [["converge"], /missing required argument/],
  [["frobnicate"], /unknown command/],
] as const)("soundstage %j fails in words", ([args, message]) => {
  const { status, stderr } = here.cli(...args);
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(status).toBe(1);
});
