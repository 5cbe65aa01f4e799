import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab } from "../lab.ts";
import { labMissing } from "../requirements.ts";
import { run } from "../run.ts";

const missing = labMissing();

describe.skipIf(missing)(`the lab${missing ? ` (${missing})` : ""}`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start({ hosts: [{ name: "one" }, { name: "two", disk: "96m" }] });
  });
  afterAll(() => lab?.stop());

  const ssh = (address: string, ...command: string[]) =>
    run("ssh", [
      ...[
        "-i",
        lab.identity,
        "-o",
        "BatchMode=yes",
        "-o",
        "UserKnownHostsFile=/dev/null",
        "-o",
        "HashKnownHosts=no",
      ],
      ...["-o", "StrictHostKeyChecking=accept-new", "-o", "LogLevel=ERROR", `root@${address}`, ...command],
    ]);

  test("a host runs Debian 12 under systemd, and answers with the host key made for it", async () => {
    const host = lab.host("one");
    expect((await ssh(host.address, "cat", "/etc/debian_version", "/proc/1/comm")).stdout).toMatch(
      /^12\.\d+\nsystemd\n$/,
    );
    const scan = await run("ssh-keyscan", ["-t", "ed25519", host.address]);
    expect(scan.stdout.trim().split(" ").slice(1).join(" ")).toBe(host.hostKey);
  });

  test("packages come through the proxy, and there is no other way out", async () => {
    const host = lab.host("one");
    expect((await host.exec("ip route show default")).stdout).toBe("");
    await host.must("apt-get update -qq && apt-get install -y -qq --no-install-recommends tree", {
      timeout: 240_000,
    });
    expect((await host.exec("tree --version")).code).toBe(0);
  });

  test("a reboot keeps disk and address; a power cut is survived", async () => {
    const host = lab.host("one");
    await host.must("echo kept > /root/note; sync");
    await host.exec("systemctl reboot");
    await new Promise((done) => setTimeout(done, 1500));
    await host.reachable();
    expect(await host.must("cat /root/note")).toBe("kept\n");
    await host.kill();
    await expect(host.exec("true")).rejects.toThrow("not running");
    await host.boot();
    expect(await host.must("cat /root/note")).toBe("kept\n");
  });

  test("a cut link is silent until it is healed", async () => {
    const host = lab.host("two");
    await host.cut();
    expect((await run("ping", ["-c1", "-W1", host.address])).code).not.toBe(0);
    await host.heal();
    await host.reachable();
  });

  test("a small disk fills", async () => {
    const { code, stderr } = await lab
      .host("two")
      .exec("head -c 200m /dev/zero > /root/big; code=$?; rm -f /root/big; exit $code");
    expect(stderr).toContain("No space left on device");
    expect(code).not.toBe(0);
  });

  test("what a killed run left is removed by the next, and two labs do not collide", async () => {
    const script = `import { Lab } from "./test/lab/lab.ts"; const lab = await Lab.start({ hosts: [{ name: "x" }] }); console.log(lab.folder + " " + lab.host("x").netns); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script]);
    const line = await new Promise<string>((resolve, reject) => {
      child.stdout.once("data", (data) => resolve(String(data).trim()));
      child.stderr.on("data", (data) => reject(new Error(String(data))));
    });
    const [folder, netns] = line.split(" ") as [string, string];
    expect(existsSync(`/run/netns/${netns}`)).toBe(true);
    child.kill("SIGKILL");
    await new Promise((done) => child.once("exit", done));
    const second = await Lab.start({ hosts: [{ name: "x" }] });
    expect(existsSync(`/run/netns/${netns}`)).toBe(false);
    expect(existsSync(folder)).toBe(false);
    expect((await lab.host("one").exec("true")).code).toBe(0);
    await second.stop();
  });
});
