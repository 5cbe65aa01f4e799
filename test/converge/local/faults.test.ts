import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FolderLock } from "../../../converge/local/folder-lock.ts";
import { identify } from "../../../converge/local/process-id.ts";
import { FolderHost } from "./folder-host.ts";

let here: FolderHost;
const apply = () => here.cli("apply", "--stack", "local");
const started = () => here.start("apply", "--stack", "local");
const pidIn = (file: string) => Number(readFileSync(here.path(".soundstage", file), "utf8").split(" ")[0]);
const lives = (pid: number) => identify(pid) !== undefined;

beforeAll(async () => {
  here = await FolderHost.create();
  await here.synth("one");
});
afterAll(() => {
  here.cli("down", "local");
});

test("a run waits for another, says for whom, and then does its work", async () => {
  mkdirSync(here.path(".soundstage"), { recursive: true });
  const lock = await FolderLock.take(here.path(".soundstage", "lock"), () => {});
  const waiting = here.begin("apply", "--stack", "local");
  await expect.poll(() => waiting.said.stdout, { timeout: 20_000 }).toContain("works here: waiting");
  await lock.release();
  const { code, stderr, stdout } = await waiting.ended;
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^here {2}lock +\S+@\S+ pid \d+ since \S+ works here: waiting up to 60 s\n/);
  expect(stdout).toContain("program started");
});

test("of two runs at once one finds done what the other did", async () => {
  here.cli("down", "local");
  const runs = await Promise.all([started(), started()]);
  expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual([
    [0, ""],
    [0, ""],
  ]);
  const said = runs.map(({ stdout }) => stdout).join("");
  expect(said.match(/program started/g)).toHaveLength(1);
  expect(said.match(/^here {2}same/gm)).toHaveLength(1);
});

test("a process whose supervisor was killed is ended by the next apply, and by down", async () => {
  for (const [next, said] of [
    [["apply", "--stack", "local"], /program started/],
    [["down", "local"], /^here {2}stopped\n$/],
  ] as const) {
    const orphan = pidIn("processes");
    process.kill(pidIn("supervisor.pid"), "SIGKILL");
    await expect.poll(() => lives(pidIn("supervisor.pid")), { timeout: 10_000 }).toBe(false);
    expect(lives(orphan)).toBe(true);
    const { stderr, stdout } = here.cli(...next);
    expect([stderr, stdout]).toEqual(["", expect.stringMatching(said)]);
    expect(lives(orphan)).toBe(false);
  }
  expect(await here.answer()).toBe("nothing");
});

test("processes end with their folder, and their place is taken anew", async () => {
  expect(apply().status).toBe(0);
  const pids = [pidIn("supervisor.pid"), pidIn("processes")];
  rmSync(here.path(), { recursive: true });
  const { status, stderr } = apply();
  expect([status, stderr]).toEqual([0, ""]);
  expect(pids.map(lives)).toEqual([false, false]);
  expect(await here.answer()).toBe("one of honour");
});

test.for([
  ["edited", () => writeFileSync(here.path("opt/tree/inner/leaf"), "loaf\n")],
  ["added", () => writeFileSync(here.path("opt/tree/inner/more"), "")],
  ["removed", () => rmSync(here.path("opt/tree/inner/leaf"))],
] as const)("a file that was %s inside an archive is found, and the archive unpacked anew", ([, drift]) => {
  expect(apply().stdout).toMatch(/same/);
  drift();
  expect(apply().stdout).toContain("files      /opt/tree");
  expect(readFileSync(here.path("opt/tree/inner/leaf"), "utf8")).toBe("leaf\n");
  expect(existsSync(here.path("opt/tree/inner/more"))).toBe(false);
});

test("a large file whose content is another of the same size is found and put back", async () => {
  expect(apply().stdout).toMatch(/^here +same/);
  const file = here.path("opt/program.js");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace("WORD", "LORD"));
  expect(apply().stdout).toContain("files      /opt/program.js");
  expect(readFileSync(file, "utf8")).toBe(text);
  expect(await here.answer()).toBe("one of honour");
});

test.for([
  ["cut off", (text: string) => text.slice(0, 100)],
  ["of something else", () => "{}"],
  ["of what is outside", (text: string) => text.replaceAll('"path": "/', '"path": "/../')],
] as const)("a record that is %s is named, and taken for none", async ([, spoilt]) => {
  const record = here.path(".soundstage/manifest.json");
  const text = readFileSync(record, "utf8");
  expect(spoilt(text)).not.toBe(text);
  writeFileSync(record, spoilt(text));
  const { status, stdout } = apply();
  expect([status, stdout]).toEqual([0, expect.stringContaining(`${record} is no whole record`)]);
  expect(apply().stdout).toMatch(/^here +same/);
  expect(await here.answer()).toBe("one of honour");
});
