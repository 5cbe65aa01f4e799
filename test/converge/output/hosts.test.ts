import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { Converge } from "../../../constructs/host/converge.ts";
import { Host } from "../../../constructs/host/host.ts";
import { UnreachableFault } from "../../../converge/fault.ts";
import { status } from "../../../converge/look/status.ts";
import { lockPackages } from "../../../converge/packages.ts";
import type { HostPlan } from "../../../converge/plan/host-plan.ts";
import { plan, planText } from "../../../converge/plan/plan.ts";
import { PlanText } from "../../../converge/plan/plan-text.ts";
import { Ssh } from "../../../converge/ssh/ssh.ts";
import { upgrade } from "../../../converge/upgrade.ts";
import { synthOutput } from "../../constructs/synth.ts";

const folder = mkdtempSync(join(tmpdir(), "hosts-"));
beforeAll(
  () => void execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, "key")]),
);
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** Hosts at ports that nobody listens on, one of which has a secret. */
function output(): string {
  return synthOutput((stack) => {
    const hosts = ["a", "b"].map((name) => {
      const ssh = { address: "127.0.0.1", ports: [9], user: "root", identity: join(folder, "key") };
      const host = new Host(stack, name, { transport: { ssh }, cpus: 1, memory: 512 });
      host.secret(stack, "/etc/word", { parts: [{ env: "HOSTS_WORD", version: 1 }] });
      return host;
    });
    new Converge(stack, "converge", { stack: "eu", hosts });
  }, "eu");
}

test("why a host is not reached is told without the values of secrets, to machines too", async () => {
  vi.stubEnv("HOSTS_WORD", "127.0.0.1:9");
  const said: string[] = [];
  for (const name of ["log", "error"] as const)
    vi.spyOn(console, name).mockImplementation((text) => void said.push(String(text)));
  expect(await plan({ output: output(), stack: "eu", hosts: [], json: true })).toBe(1);
  const [first] = said;
  expect(JSON.parse(first as string).stacks[0].failures.a).toMatch(/can not be reached.*\*{8}/);
  expect(said).toContainEqual(expect.stringMatching(/^b {2}FAILED .*\*{8}/));
  expect(said.join("\n")).not.toContain("127.0.0.1:9");
});

test.for([[false], [true]] as const)(
  "a host that does not answer for a while is told of once, and to machines (%s) not at all",
  async ([json]) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const gone = new UnreachableFault("gone", true);
    const connect = vi
      .spyOn(Ssh, "connect")
      .mockImplementation(() => new Promise((_, reject) => setTimeout(() => reject(gone), 2000)));
    const [said, shown]: [string[], string[]] = [[], []];
    vi.spyOn(console, "error").mockImplementation((text) => void said.push(String(text)));
    vi.spyOn(console, "log").mockImplementation((text) => void shown.push(String(text)));
    vi.spyOn(process.stdout, "write").mockImplementation((text) => shown.push(String(text)) > 0);
    const asked = status({ output: output(), stack: "eu", hosts: ["a"], json });
    await vi.waitUntil(() => connect.mock.calls.length > 0);
    await vi.advanceTimersByTimeAsync(1500);
    expect(said).toEqual([]);
    while (connect.mock.calls.length < 6) {
      await vi.advanceTimersByTimeAsync(2000);
      await new Promise(setImmediate);
    }
    await vi.advanceTimersByTimeAsync(2000);
    expect(await asked).toBe(1);
    expect(said).toEqual(json ? [] : ["a  no answer yet from 127.0.0.1:9, trying on"]);
    expect(shown.join("")).toContain("gone (tried 6 times)");
  },
);

test("what could not be asked counts among the hosts of a plan", () => {
  const same = { host: "a", same: true } as HostPlan;
  const failures = new Map([["b", "gone"]]);
  const plans = [{ stack: "eu", hosts: [same], failures, steps: [] }];
  expect(planText(plans, new PlanText(false))).toBe(
    "a  nothing to change\n0 of 2 hosts would change, 1 could not be asked\n",
  );
});

test("an upgrade tells once of a host that is not reached", async () => {
  const said: string[] = [];
  for (const name of ["log", "error"] as const)
    vi.spyOn(console, name).mockImplementation((text) => void said.push(String(text)));
  vi.spyOn(process.stdout, "write").mockImplementation((text) => said.push(String(text)) > 0);
  vi.stubEnv("HOSTS_WORD", "across-the-universe");
  const confirmed = async () => true;
  expect(await upgrade({ output: output(), stack: "eu", confirmed })).toBe(1);
  for (const host of ["a", "b"])
    expect(said.join("\n").match(new RegExp(`^${host} .*FAILED.*`, "gm"))).toEqual([
      expect.stringMatching(/can not be reached/),
    ]);
});

test("packages of hosts that are not reached are not pinned, and all of these are named", async () => {
  vi.stubEnv("HOSTS_WORD", "across-the-universe");
  const locked = lockPackages({ output: output(), stack: "eu", hosts: [] });
  await expect(locked).rejects.toThrow(
    /^packages\.lock is not written, hosts could not be asked:\n {2}- a: .* can not be reached.*\n {2}- b: /,
  );
});

test("hosts of a region that is gone, whose folder cdktf leaves, are not asked for their packages", async () => {
  vi.stubEnv("HOSTS_WORD", "across-the-universe");
  const now = synthOutput(() => {}, "eu");
  const gone = join(now, "stacks", "gone");
  cpSync(join(output(), "stacks", "eu"), gone, { recursive: true });
  const region = readFileSync(join(gone, "region.json"), "utf8");
  writeFileSync(join(gone, "region.json"), region.replace('"eu"', '"gone"'));
  const locked = lockPackages({ output: now, hosts: [] });
  await expect(locked).rejects.toThrow("the output has no hosts with packages");
});
