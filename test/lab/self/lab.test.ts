import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab } from "../lab.ts";
import { labMissing } from "../requirements.ts";
import { type Result, run } from "../run.ts";

const missing = labMissing();

describe.skipIf(missing)(`a lab's hosts${missing ? ` (${missing})` : ""}`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start({ hosts: [{ name: "one" }, { name: "two", disk: "96m" }] });
  });
  afterAll(() => lab?.stop());

  /** Over SSH as root, trusting that host key alone. */
  function ssh(address: string, hostKey: string, command: string): Promise<Result> {
    const known = join(lab.folder, "known_hosts");
    writeFileSync(known, `${address} ${hostKey}\n`);
    const options = ["BatchMode=yes", "StrictHostKeyChecking=yes", `UserKnownHostsFile=${known}`];
    const words = options.flatMap((option) => ["-o", option]);
    return run("ssh", ["-F", "none", "-i", lab.identity, ...words, `root@${address}`, command]);
  }

  test("a host runs Debian 12 under systemd, and SSH trusts it by the key made for it", async () => {
    const host = lab.host("one");
    const { stdout } = await ssh(host.address, host.hostKey, "cat /etc/debian_version /proc/1/comm");
    expect(stdout).toMatch(/^12\.\d+\nsystemd\n$/);
    const other = await ssh(host.address, lab.host("two").hostKey, "true");
    expect(other.stderr).toContain("Host key verification failed");
    expect(other.code).toBe(255);
  });

  test("hosts reach each other on both networks", async () => {
    const { address, private: inner } = lab.host("two");
    for (const target of [address, inner]) {
      expect(await lab.host("one").must(`bash -c 'exec 3<>/dev/tcp/${target}/22; head -c 4 <&3'`)).toBe(
        "SSH-",
      );
    }
  });

  test("packages come through the proxy, and there is no other way out", async () => {
    const host = lab.host("one");
    expect((await host.exec("ip route show default")).stdout).toBe("");
    await host.must("apt-get update -qq && apt-get install -y -qq --no-install-recommends tree", {
      timeout: 240_000,
    });
    expect((await host.exec("tree --version")).code).toBe(0);
  });

  test("a command inside gets nothing of this process's environment, and ends after its timeout", async () => {
    const host = lab.host("one");
    expect(await host.must("env | sort", { env: { ASKED: "yes" } })).toMatch(
      /^ASKED=yes\nHOME=\/root\nPATH=[^\n]+\nPWD=\/\n$/,
    );
    expect((await host.exec("sleep 20", { timeout: 300 })).stderr).toContain("killed after its timeout");
  });

  test("the keys of its network namespace can be set, and the machine's stay", async () => {
    const read = async () => (await run("cat", ["/proc/sys/net/core/somaxconn"])).stdout;
    const before = await read();
    await lab.host("one").must("sysctl -qw net.core.somaxconn=65535");
    expect(await lab.host("one").must("cat /proc/sys/net/core/somaxconn")).toBe("65535\n");
    expect(await read()).toBe(before);
  });

  test("files can be staged in an overlay over /etc that only its own mount namespace sees", async () => {
    const stage = [
      "mount -t tmpfs -o mode=700 stage /mnt",
      "mkdir /mnt/upper /mnt/work",
      "mount -t overlay stage -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work /etc",
      "echo staged >/etc/hostname",
      "rm /etc/hosts",
      "cat /etc/hostname; ls /etc/hosts 2>&1 | grep -o 'No such file'",
    ];
    expect(await lab.host("one").must(`unshare --mount sh -ec "${stage.join("; ")}"`)).toBe(
      "staged\nNo such file\n",
    );
    expect(await lab.host("one").must("cat /etc/hostname; ls /etc/hosts")).toBe("one\n/etc/hosts\n");
  });

  test("a command is run as it is written: one word by the shell, several as they are, options too", async () => {
    const exec = (...command: string[]) =>
      run(process.execPath, [
        "--import",
        "tsx",
        "test/lab/main.ts",
        "--folder",
        lab.folder,
        "exec",
        ...command,
      ]);
    expect((await exec("one", "cat /etc/hostname | tr a-z A-Z")).stdout).toBe("ONE\n");
    expect((await exec("one", "printf", "<%s>", "a  b", "--folder", "$HOME")).stdout).toBe(
      "<a  b><--folder><$HOME>",
    );
    expect(await exec("one")).toMatchObject({ code: 1, stderr: expect.stringContaining("usage:") });
  });

  test("a killed transient unit runs its ExecStopPost", async () => {
    const post = `ExecStopPost=/bin/sh -c "echo $$SERVICE_RESULT $$EXIT_STATUS >/run/after"`;
    const host = lab.host("one");
    await host.must(`systemd-run -q --unit=step --property='${post}' /bin/sleep 60`);
    await host.must("systemctl kill --signal=KILL step");
    const after = "for n in 1 2 3 4 5 6 7 8 9; do [ -s /run/after ] && break; sleep .2; done; cat /run/after";
    expect(await host.must(after)).toBe("signal KILL\n");
  });

  test("a unit of one name on two hosts is two units: each is collected when it ends", async () => {
    await lab.host("one").must("systemd-run -q --unit=same sleep 60");
    await lab.host("two").must("systemd-run -q --unit=same --wait --collect true");
    const state = "systemctl show --property=LoadState same";
    expect(await lab.host("two").must(state)).toBe("LoadState=not-found\n");
    await lab.host("one").must("systemctl stop same");
  });

  test("a reboot keeps disk and address; a power cut is survived", async () => {
    const host = lab.host("one");
    await host.must("echo kept > /root/note; touch /run/volatile; sync");
    await host.reboot();
    expect(await host.must("cat /root/note; ls /run/volatile || true")).toBe("kept\n");
    await host.kill();
    expect(await host.isRunning()).toBe(false);
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
});
