import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cgroupsOf } from "../cgroup.ts";
import { Lab } from "../lab.ts";
import { records } from "../records.ts";
import { labMissing } from "../requirements.ts";
import { run } from "../run.ts";
import { sweep } from "../sweep.ts";

const missing = labMissing();

/** A lab of another process, which runs until it is ended. */
async function another(
  options: object,
): Promise<{ folder: string; netns: string; child: ReturnType<typeof spawn> }> {
  const script = `import { Lab } from "./test/lab/lab.ts";
    const lab = await Lab.start(${JSON.stringify({ hosts: [{ name: "x" }], ...options })});
    console.log(lab.folder + " " + lab.host("x").netns);
    if (!${"keep" in options}) setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script]);
  let errors = "";
  child.stderr.on("data", (data) => {
    errors += data;
  });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (data) => resolve(String(data).trim()));
    child.once("exit", (code) => reject(new Error(`exit ${code}: ${errors}`)));
  });
  const [folder, netns] = line.split(" ") as [string, string];
  return { folder, netns, child };
}

function ended(child: ReturnType<typeof spawn>): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once("exit", () => resolve());
  });
}

/** What of a lab is still there: its namespace, links, mounts and processes. */
async function traces(folder: string, netns: string): Promise<string> {
  const id = netns.split("-")[0] as string;
  const links = await run("sh", ["-c", `ip -o link | grep -o '${id}[a-z0-9]*' || true`]);
  const processes = await run("pgrep", ["-f", netns]);
  // 1: none is found.
  expect([0, 1]).toContain(processes.code);
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .filter((line) => line.includes(netns));
  const kernel = [`/run/netns/${netns}`, `/run/systemd/nspawn/propagate/${netns}`, ...cgroupsOf(netns)];
  const paths = [...kernel, join(folder, "hosts", "x")];
  return [links.stdout, processes.stdout, ...mounts, ...paths.filter(existsSync)].join("");
}

describe.skipIf(missing)(`the end of a lab${missing ? ` (${missing})` : ""}`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start({ hosts: [{ name: "one" }] });
  });
  afterAll(() => lab?.stop());

  test("what a killed run left is removed by the next, and a lab that runs is left alone", async () => {
    const { child, folder, netns } = await another({});
    expect(netns).not.toBe(lab.host("one").netns);
    child.kill("SIGKILL");
    await ended(child);
    expect(existsSync(`/run/netns/${netns}`)).toBe(true);
    await sweep();
    expect(await traces(folder, netns)).toBe("");
    expect(existsSync(folder)).toBe(false);
    expect((await lab.host("one").exec("true")).code).toBe(0);
  });

  test("a run that is told to end takes its lab with it", async () => {
    const { child, folder, netns } = await another({});
    child.kill("SIGTERM");
    await ended(child);
    expect(child.signalCode).toBe("SIGTERM");
    expect(await traces(folder, netns)).toBe("");
    expect(existsSync(folder)).toBe(false);
  });

  test("a kept lab outlives its starter and every sweep, is found again, and ends once", async () => {
    const folder = mkdtempSync(join(tmpdir(), "kept-"));
    const { child, netns } = await another({ keep: true, folder });
    await ended(child);
    await sweep();
    const kept = Lab.attach(folder) as Lab;
    expect(await kept.host("x").must("cat /etc/hostname")).toBe("x\n");
    await expect(Lab.start({ hosts: [], folder })).rejects.toThrow(`a lab runs in ${folder}`);
    await kept.host("x").kill();
    await kept.resume();
    expect((await kept.host("x").exec("true")).code).toBe(0);
    await kept.stop();
    await kept.stop();
    expect(await traces(folder, netns)).toBe("");
    expect(Lab.attach(folder)).toBeUndefined();
    rmSync(folder, { recursive: true });
  });

  test("a lab that ends while a host reboots does not come back", async () => {
    const short = await Lab.start({ hosts: [{ name: "x" }] });
    const { netns } = short.host("x");
    await short.host("x").exec("systemctl reboot");
    await new Promise((resolve) => setTimeout(resolve, 400));
    await short.stop();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await traces(short.folder, netns)).toBe("");
  });

  test("a start that fails leaves nothing", async () => {
    const before = records().length;
    await expect(Lab.start({ hosts: [{ name: "x", disk: "none" }] })).rejects.toThrow("mount");
    expect(records()).toHaveLength(before);
    const bridges = await run("sh", [
      "-c",
      "ip -o link show type bridge | grep -o 'ss[0-9a-f]*br' | sort -u",
    ]);
    const known = records().map(({ bridge }) => bridge);
    expect(bridges.stdout.split("\n").filter((name) => name && !known.includes(name))).toEqual([]);
  });
});
