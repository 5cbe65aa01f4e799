import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Converge } from "../../constructs/host/converge.ts";
import { synthOutput } from "../constructs/synth.ts";
import { type Archives, offerArchives, type Package } from "./archives.ts";
import { Cli, type Ended } from "./cli.ts";
import { Fleet, last, steps } from "./fleet.ts";
import { labHost } from "./lab-host.ts";
import { labMissing } from "./requirements.ts";
import { eventually } from "./run.ts";

const missing = labMissing();
const LIBRARY = "/usr/lib/x86_64-linux-gnu/liblab.so.1";
const LOCK = "/run/soundstage-var-lib-soundstage.lock";
const UNIT = `[Service]
Environment=LD_PRELOAD=${LIBRARY}
ExecStart=/usr/bin/lab-daemon infinity
Restart=always
[Install]
WantedBy=multi-user.target
`;

describe.skipIf(missing)(`an upgrade${missing ? ` (${missing})` : ""}`, () => {
  let fleet: Fleet;
  let out: string;

  beforeAll(async () => {
    fleet = await Fleet.start("a", "b");
    await offer({ security: [] });
    out = output();
    const applied = await command("apply").ended;
    expect([applied.code, applied.stderr]).toEqual([0, ""]);
  });
  afterAll(async () => {
    await fleet?.lab.stop();
  });

  const hosts = () => [...fleet.lab.hosts.values()];
  const host = (name: string) => fleet.lab.host(name);

  /** What both hosts' mirrors have; the library is mapped by the daemon, which is another package. */
  async function offer({ security }: Pick<Archives, "security">): Promise<void> {
    const { root } = host("a");
    const daemon = {
      "usr/bin/lab-daemon": readFileSync(join(root, "usr/bin/sleep")),
      "lib/systemd/system/lab-daemon.service": UNIT,
    };
    const stable: Package[] = [
      library("1.0"),
      { name: "lab-daemon", version: "1.0", depends: "liblab1", contents: daemon },
      { name: "lab-held", version: "1.0" },
      { name: "lab-tool", version: "1.0" },
      ...(security.length > 0 ? [{ name: "lab-tool", version: "2.0" }] : []),
    ];
    await Promise.all(hosts().map((each) => offerArchives(each, { stable, security })));
  }

  function library(version: string, postinst?: string): Package {
    const content = readFileSync(join(host("a").root, "usr/lib/x86_64-linux-gnu/libz.so.1"));
    return {
      name: "liblab1",
      version,
      contents: { [LIBRARY]: content },
      ...(postinst && { postinst }),
    };
  }

  function output(): string {
    return synthOutput((scope) => {
      const made = hosts().map(({ name, address, hostKey }) => {
        const lock = { bookworm: { "lab-held": "1.0" } };
        const each = labHost(scope, name, { address, hostKey }, { lock });
        each.package(scope, "lab-daemon", "lab-held", "lab-tool");
        each.unit(scope, "lab-daemon.service");
        each.probe(scope, "broken", { command: "test ! -e /srv/broken", seconds: 1 });
        each.order(scope, {
          group: "pair",
          mode: "one-by-one",
          leads: "test -e /srv/leads",
          handover: "rm /srv/leads; systemctl show -p MainPID lab-daemon >/srv/handed-over",
          // Of a host that nobody holds the gate stays shut.
          gate: `if flock --nonblock ${LOCK} true; then exit 1; fi; systemctl is-active lab-daemon >/dev/null; cat /proc/sys/kernel/random/boot_id >>/srv/gate`,
          gateSeconds: 5,
        });
        return each;
      });
      new Converge(scope, "converge", { stack: "fleet", hosts: made });
    }, "fleet");
  }

  const command = (verb: string, ...args: readonly string[]) =>
    new Cli([process.execPath, fleet.cli, verb, "--stack", "fleet", "--output", out, ...args], fleet.env);
  const upgrade = (...args: readonly string[]): Promise<Ended> => command("upgrade", ...args).ended;

  const ofEach = (shell: string) => Promise.all(hosts().map((each) => each.must(shell)));
  const version = (name: string) => ofEach(`dpkg-query -W -f '\${Version}' ${name}`);
  const daemons = () => ofEach("systemctl show --property=MainPID --value lab-daemon.service");
  const boots = () => ofEach("cat /proc/sys/kernel/random/boot_id");
  async function isSame(): Promise<void> {
    const { code, stdout } = await command("apply").ended;
    expect([code, steps(stdout).sort().slice(-2)]).toEqual([0, ["a same", "b same"]]);
  }

  test("a dry run lists what comes, what is held, what restarts and in which order, and changes nothing", async () => {
    const before = await daemons();
    expect((await upgrade("--dry-run")).code).toBe(0);
    await offer({ security: [library("1.1"), { name: "lab-held", version: "1.1" }] });
    const { code, stdout, stderr } = await upgrade("--dry-run");
    expect([code, stderr]).toEqual([2, ""]);
    expect(stdout).toBe(
      ["a", "b"]
        .map(
          (name) =>
            `${name}  1 package, 1 restart\n  + liblab1 1.0 → 1.1\n  = lab-held 1.0, 1.1 is offered: held, raise packages.lock\n  ~ restart lab-daemon.service\n`,
        )
        .join("") +
        "wave 1: a; group pair; then pair must be back\nwave 2: b; group pair; then pair must be back\n",
    );
    const all = JSON.parse((await upgrade("--dry-run", "--all-packages", "--json", "a")).stdout);
    expect(all.stacks[0].hosts[0].packages).toEqual([
      { name: "lab-tool", from: "1.0", to: "2.0" },
      { name: "liblab1", from: "1.0", to: "1.1" },
    ]);
    // Nobody is asked where there is no terminal.
    expect((await upgrade()).code).toBe(2);
    expect([await version("liblab1"), await daemons()]).toEqual([["1.0", "1.0"], before]);
  });

  test("security updates come wave by wave, and what runs a replaced library restarts; a reboot may be left", async () => {
    const [before, boot] = [await daemons(), await boots()];
    await ofEach("touch /run/reboot-required");
    const { code, stdout, stderr } = await upgrade("--yes", "--reboot", "never");
    expect([code, stderr]).toEqual([0, ""]);
    expect(steps(stdout, "packages", "units", "awaits", "probe", "upgraded")).toEqual(
      ["a", "b"].flatMap((name) =>
        ["packages", "units", "awaits", "probe", "upgraded"].map((step) => `${name} ${step}`),
      ),
    );
    expect(stdout).toMatch(/^a +packages +liblab1 1\.0 → 1\.1$/m);
    expect(stdout).toMatch(
      /^a +awaits +a reboot: asked for by \/run\/reboot-required; --reboot auto makes it$/m,
    );
    const after = await daemons();
    expect(after.every((pid, index) => pid !== before[index] && pid !== "0\n")).toBe(true);
    expect([
      await boots(),
      await version("liblab1"),
      await version("lab-held"),
      await version("lab-tool"),
    ]).toEqual([boot, ["1.1", "1.1"], ["1.0", "1.0"], ["1.0", "1.0"]]);
    // Still there for the daemon's sake alone.
    expect(await host("a").must("apt-mark showauto liblab1; ls /usr/sbin/policy-rc.d 2>&1 | wc -l")).toBe(
      "liblab1\n1\n",
    );
    expect((await command("status", "--json").ended).stdout).toContain('"reboot": "asked for by');
    await ofEach("rm /run/reboot-required");
    await isSame();
    const again = await upgrade("--yes");
    expect([again.code, last(again.stdout)]).toEqual([
      0,
      expect.stringMatching(/^2 same, 0 changed, 0 failed/),
    ]);
    expect(again.stdout).toContain("a  nothing to do\n");
    expect((await command("history", "a", "--audit").ended).stdout).toMatch(/upgrade +liblab1 1\.0 → 1\.1/);
  });

  test("a reboot that is due is made host by host, the leader last after it handed over, each proven before the next", async () => {
    await offer({
      security: [library("1.2", "echo liblab1 >/run/reboot-required.pkgs; touch /run/reboot-required")],
    });
    await host("a").must("touch /srv/leads");
    await ofEach("rm -f /srv/gate");
    const [boot, running] = [await boots(), await daemons()];
    const { code, stdout, stderr } = await upgrade("--yes");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("wave 2: a; group pair; a hands over pair first; then pair must be back\n");
    expect(steps(stdout, "handover", "drained", "reboot", "back", "probe", "upgraded")).toEqual([
      ...["b drained", "b reboot", "b back", "b probe", "b upgraded"],
      ...["a handover", "a drained", "a reboot", "a back", "a probe", "a upgraded"],
    ]);
    expect(stdout).toMatch(/^b +reboot +asked for by liblab1$/m);
    const now = await boots();
    expect(now.every((id, index) => id !== boot[index])).toBe(true);
    // The gate was asked after the boot; the role was handed over while all of the host still ran.
    expect(await ofEach("cat /srv/gate")).toEqual(now);
    expect(await host("a").must("cat /srv/handed-over")).toBe(`MainPID=${running[0]}`);
    expect([await version("liblab1"), await fleet.held()]).toEqual([["1.2", "1.2"], []]);
    await isSame();
    expect((await upgrade("--dry-run")).code).toBe(0);
  });

  test("told to end while a host restarts, the run proves it and begins no other", async () => {
    const boot = await boots();
    const run = command("upgrade", "--yes", "--reboot", "always");
    await eventually(20_000, async () => {
      if (!/^a +reboot /m.test(run.stdout)) throw new Error("it does not restart yet");
    });
    run.kill("SIGINT");
    const { code, stdout } = await run.ended;
    expect([code, steps(stdout, "upgraded", "stopped")]).toEqual([130, ["a upgraded", "b stopped"]]);
    expect((await boots()).map((id, index) => id === boot[index])).toEqual([false, true]);
  });

  test("a host that does not prove itself after its reboot ends the run; --only-failed takes up both", async () => {
    await host("a").must("touch /srv/broken");
    const boot = await boots();
    const { code, stdout, stderr } = await upgrade("--yes", "--reboot", "always");
    expect([code, steps(stdout, "back", "upgraded", "stopped")]).toEqual([1, ["a back", "b stopped"]]);
    expect(stderr).toMatch(/a +FAILED +probe broken: exit code 1/);
    expect((await boots())[1]).toBe(boot[1]);
    expect(await fleet.held()).toEqual([]);
    await host("a").must("rm /srv/broken");
    const rest = await upgrade("--yes", "--only-failed");
    expect([rest.code, last(rest.stdout)]).toEqual([
      0,
      expect.stringMatching(/^1 same, 1 changed, 0 failed/),
    ]);
    expect(rest.stdout).toMatch(/! an upgrade of \S+ was not proven: its probes are asked again/);
  });

  test("a host that does not come back in time ends the run, and is said to be waited for in vain", async () => {
    await host("a").must("systemctl mask reboot.target");
    const { code, stderr } = await upgrade("--yes", "--reboot", "always", "--reboot-timeout", "5s", "a");
    expect(code).toBe(1);
    expect(stderr).toMatch(/did not come back within 5 s of its reboot: it still answers from the boot/);
    await host("a").must("systemctl unmask reboot.target");
    expect((await command("status", "a").ended).stdout).toMatch(/a +an upgrade of \S+ was not proven/);
    // What was stopped for the reboot starts again, and is proven.
    expect((await upgrade("--yes", "a")).code).toBe(0);
  });

  test("what an apply left half done is not upgraded, and the run says who mends it", async () => {
    await host("b").must("echo '1 2 applying' >/var/lib/soundstage/journal");
    const { code, stderr } = await upgrade("--yes", "--reboot", "always");
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("an apply was interrupted here: soundstage apply"),
    ]);
    expect((await upgrade("--dry-run", "b")).code).toBe(1);
    await host("b").must("rm /var/lib/soundstage/journal");
  });
});
