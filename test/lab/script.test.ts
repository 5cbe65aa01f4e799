import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TerraformStack } from "cdktf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Converge } from "../../constructs/host/converge.ts";
import type { Host } from "../../constructs/host/host.ts";
import { converge } from "../../converge/converge.ts";
import { synthOutput } from "../constructs/synth.ts";
import { captured } from "./captured.ts";
import { Lab } from "./lab.ts";
import { labHost } from "./lab-host.ts";
import { labMissing } from "./requirements.ts";
import { eventually } from "./run.ts";

const missing = labMissing();
const STATE = "/var/lib/soundstage";
const LOCK = "/run/soundstage-var-lib-soundstage.lock";
const SCRIPT = `sh ${STATE}/script`;

describe.skipIf(missing)(`the host's script${missing ? ` (${missing})` : ""}`, () => {
  let lab: Lab;
  const said = captured();

  beforeAll(async () => {
    lab = await Lab.start({ hosts: [{ name: "one" }] });
    process.env.SOUNDSTAGE_PLATFORM = join(lab.folder, "platform.yaml");
  });
  afterAll(() => lab?.stop());

  type Furnish = (host: Host, stack: TerraformStack) => void;
  const host = () => lab.host("one");
  const must = (command: string) => host().must(command);

  function output(furnish: Furnish): string {
    return synthOutput((stack) => {
      const { address, hostKey } = lab.host("one");
      const one = labHost(stack, "one", { address, hostKey });
      furnish(one, stack);
      new Converge(stack, "converge", { stack: "test", hosts: [one] });
    });
  }

  const run = (furnish: Furnish) => converge({ output: output(furnish), stack: "test" });
  async function applied(furnish: Furnish): Promise<void> {
    expect([await run(furnish), said]).toEqual([0, expect.anything()]);
    said.splice(0);
  }
  const page =
    (text: string): Furnish =>
    (one, stack) =>
      one.file(stack, "/etc/page", { content: text });

  /** Puts a program before the host's own of that name. */
  const wrap = (name: string, ...lines: readonly string[]) =>
    host().must(`cat >/usr/local/sbin/${name}; chmod 755 /usr/local/sbin/${name}`, {
      input: ["#!/bin/sh", ...lines, ""].join("\n"),
    });

  /** The bundle of an output in a folder of the host. */
  function carried(out: string): void {
    const folder = join(host().root, "root", "bundle");
    mkdirSync(folder, { recursive: true });
    spawnSync("cp", ["-r", `${join(out, "stacks", "test", "hosts", "one")}/.`, folder]);
  }

  test("a check that refuses leaves what would go where it is, in folders that nothing is left in too", async () => {
    await applied((one, stack) => {
      page("first\n")(one, stack);
      one.file(stack, "/opt/thing/data", { content: "data\n" });
    });
    const code = await run((one, stack) => {
      page("refused\n")(one, stack);
      one.check(stack, "page", { command: "test ! -e /opt/thing/data && exit 1", paths: ["/etc/page"] });
    });
    expect([code, said.join("\n")]).toEqual([1, expect.stringContaining("check page: exit code 1")]);
    expect(await must("cat /opt/thing/data /etc/page")).toBe("data\nfirst\n");
  });

  test("nobody else may read a copy before it has its owner and mode", async () => {
    writeFileSync(join(lab.folder, "token"), "let-it-be\n");
    // Held in its middle: what it copies comes from a pipe.
    await wrap(
      "install",
      "mkfifo /run/source",
      '/usr/bin/install "$1" "$2" "$3" "$4" "$5" /run/source "$7" &',
      "exec 3>/run/source",
      'for _ in $(seq 50); do [ ! -e "$7" ] || break; sleep 0.1; done',
      `stat -c '%a %n' "$7" >>/run/modes`,
      'cat "$6" >&3',
      "exec 3>&-",
      "code=0; wait $! || code=$?",
      "rm /run/source; exit $code",
    );
    await applied((one, stack) => {
      page("guarded\n")(one, stack);
      one.secret(stack, "/etc/token", { parts: [{ file: "token", version: 1 }] });
    });
    await must("rm /usr/local/sbin/install");
    const modes = await must("sort -u /run/modes");
    expect(modes).toContain("600 /etc/.token.soundstage\n");
    expect(modes).not.toMatch(/^(?!600).*\.soundstage$/m);
  });

  test("a host that has another version of the script is judged like any other", async () => {
    await must(`rm ${STATE}/bin/*.sh`);
    writeFileSync(join(lab.folder, "token"), "get-back\n");
    const code = await run((one, stack) => {
      page("guarded\n")(one, stack);
      one.secret(stack, "/etc/token", { parts: [{ file: "token", version: 1 }] });
    });
    expect([code, said.join("\n")]).toEqual([1, expect.stringContaining("raise its version")]);
    expect(await must(`cat /etc/token; ls ${STATE}/bin`)).toMatch(/^let-it-be[0-9a-f]{16}\.sh\n$/);
  });

  test("the time for a new connection begins when all is applied", async () => {
    const out = output((one, stack) => {
      one.file(stack, "/etc/ssh/sshd_config.d/60-soundstage.conf", { content: "MaxAuthTries 5\n" });
      one.action(stack, "slow", { when: "after", scope: "host", check: "exit 1", apply: "sleep 5" });
    });
    const script = join(out, "stacks", "test", "hosts", "one", "bootstrap.sh");
    const text = readFileSync(script, "utf8");
    expect(text).toContain("\nGUARD=60\n");
    writeFileSync(script, text.replace("\nGUARD=60\n", "\nGUARD=3\n"));
    expect([await converge({ output: out, stack: "test" }), said]).toEqual([0, expect.anything()]);
    expect(said.join("\n")).toMatch(/one +confirmed/);
    expect((await host().exec(`${SCRIPT} confirm`)).code).toBe(10);
  });

  test("a host is not taken from a run while a step of it goes on", async () => {
    const applying = run((one, stack) => {
      page("slow\n")(one, stack);
      one.check(stack, "page", { command: "sleep 4.25", paths: ["/etc/page"] });
    });
    const sleeps = async () => (await host().exec("grep -lsz '^4.25$' /proc/[0-9]*/cmdline")).stdout !== "";
    await eventually(15_000, async () => expect(await sleeps()).toBe(true));
    await must(`${SCRIPT} unlock`);
    expect(await sleeps()).toBe(false);
    expect(await applying).toBe(1);
    expect((await host().exec("ls /etc/page")).code).not.toBe(0);
  });

  test("what the disk or a signal cut short gets no object's name", async () => {
    carried(output(page("by hand\n")));
    await wrap(
      "cp",
      'case $2 in */objects/*) head -c 1 "$1" >"$2"; kill -9 "$PPID"; exit 1 ;; esac',
      'exec /usr/bin/cp "$@"',
    );
    expect((await host().exec("sh /root/bundle/bootstrap.sh apply")).code).not.toBe(0);
    await must("rm /usr/local/sbin/cp");
    const done = await host().exec("sh /root/bundle/bootstrap.sh apply");
    expect([done.code, done.stderr, await must("cat /etc/page")]).toEqual([0, "", "by hand\n"]);
  });

  test("folders are put back with the rest, and only changed with the rest", async () => {
    const folder =
      (mode: string, probe: string): Furnish =>
      (one, stack) => {
        page(`${mode}\n`)(one, stack);
        one.directory(stack, "/srv/folder", { mode });
        one.probe(stack, "page", { command: probe, seconds: 1 });
      };
    await applied(folder("0750", "true"));
    expect(await run(folder("0700", "stat -c %a /srv/folder >/run/probed; exit 1"))).toBe(1);
    expect(await must("cat /run/probed; stat -c %a /srv/folder")).toBe("700\n750\n");
  });

  test("a kernel key that left the manifest is the operator's own", async () => {
    const key = "/proc/sys/net/ipv4/tcp_max_syn_backlog";
    await applied((one, stack) => {
      page("key\n")(one, stack);
      one.sysctl(stack, "net.ipv4.tcp_max_syn_backlog", 4096);
    });
    await applied(page("no key\n"));
    expect(await must(`cat ${key}`)).not.toBe("4096\n");
    await must(`echo 1234 >${key}`);
    await applied(page("another\n"));
    expect(await must(`cat ${key}`)).toBe("1234\n");
  });

  test.for(["action", "probe"])(
    "keys that left come back where the %s of what took them away fails",
    async (what) => {
      const [folder, copy] = ["/etc/keys", "/srv/reader/key"];
      await applied((one, stack) => {
        page("keyed\n")(one, stack);
        one.produces(folder, copy);
        one.action(stack, "keys", {
          when: "prepare",
          scope: "host",
          check: `[ -s ${folder}/key ] && [ -s ${copy} ] || exit 1`,
          apply: `umask 077; mkdir -p ${folder} /srv/reader; head -c 32 /dev/urandom >${folder}/key; ln -sf key ${folder}/link; cp ${folder}/key ${copy}; chown games: ${copy}`,
        });
      });
      const keys = () =>
        must(`stat -c '%A %U %N' ${folder} ${folder}/* ${copy}; sha256sum ${folder}/key ${copy}`);
      const before = await keys();
      const fails = `ls -d ${folder} ${copy} >/run/there; exit 1`;
      const code = await run((one, stack) => {
        page("keyless\n")(one, stack);
        if (what === "probe") one.probe(stack, "page", { command: fails, seconds: 1 });
        else one.action(stack, "fails", { when: "after", scope: "host", check: "exit 1", apply: fails });
      });
      expect([code, await must("cat /run/there"), await keys()]).toEqual([1, "", before]);
      await applied(page("keyless\n"));
      expect((await host().exec(`ls -d ${folder} ${copy}`)).stdout).toBe("");
    },
  );

  test("what undoes a generation that holds is never run", async () => {
    await must(
      `echo 'touch /run/undone' >${STATE}/undone; mv ${STATE}/undone ${STATE}/objects/$(printf %064d 0); printf '%064d\\n' 0 >${STATE}/undo`,
    );
    const code = await run((one, stack) => {
      page("undo\n")(one, stack);
      one.action(stack, "fails", { when: "after", scope: "host", check: "exit 1", apply: "exit 1" });
    });
    expect([code, (await host().exec("ls /run/undone")).code]).toEqual([1, 2]);
  });

  test.for([
    ["leads", "echo nobody answers >&2; exit 3", "true", "leads db: exit code 3"],
    ["handover", "true", "echo nobody answers >&2; exit 7", "handover db: exit code 7"],
  ] as const)("an order's %s that fails says why, and is no answer", async ([, leads, handover, reason]) => {
    const code = await run((one, stack) => {
      page(`${leads}\n`)(one, stack);
      one.order(stack, { group: "db", mode: "one-by-one", leads, handover });
    });
    expect([code, said.join("\n")]).toEqual([1, expect.stringContaining(`${reason}\n`)]);
    expect(said.join("\n")).toContain("nobody answers");
  });

  test("by hand it waits for nobody, goes back when asked, and leaves no lock where it looks", async () => {
    const held = await host().exec(`flock ${LOCK} ${SCRIPT} revert`);
    expect(held.code).toBe(4);
    await must(
      `cd ${STATE}/generations; now=$(basename "$(readlink ../current)"); cp -r $now 999; echo "$now 999 applied" >../journal; rm ${LOCK}`,
    );
    expect(await must(`${SCRIPT} inspect`)).toContain("drift\tan apply was interrupted\n");
    expect((await host().exec(`ls ${LOCK}`)).code).not.toBe(0);
    const back = await host().exec(`${SCRIPT} revert`);
    expect([back.code, back.stdout]).toEqual([
      0,
      expect.stringMatching(/^back\tgeneration \d+ is in place/m),
    ]);
  });

  const POLICY = "/usr/sbin/policy-rc.d";
  const packaged: Furnish = (one, stack) => {
    page("policy\n")(one, stack);
    one.package(stack, "no-such-package");
  };

  test("what keeps services from starting does not outlive a run that was killed", async () => {
    // Within the installation, with all that led it.
    await wrap("apt-get", `cp ${POLICY} /run/policy; kill -9 "$PPID"; exit 1`);
    carried(output(packaged));
    expect((await host().exec("sh /root/bundle/bootstrap.sh apply")).code).not.toBe(0);
    expect(await must(`cat ${POLICY}`)).toBe(await must("cat /run/policy"));
    expect((await host().exec(POLICY)).code).toBe(101);
    await must("rm /usr/local/sbin/apt-get");
    await applied(page("no policy\n"));
    expect((await host().exec(`ls ${POLICY}`)).code).not.toBe(0);
  });

  test("the operator's own stays as it is, also while packages are installed", async () => {
    const own = "#!/bin/sh\nexit 104\n";
    await host().must(`cat >${POLICY}; chmod 755 ${POLICY}; rm /run/policy`, { input: own });
    await wrap("apt-get", `cp ${POLICY} /run/policy`);
    await applied(packaged);
    await must("rm /usr/local/sbin/apt-get");
    expect(await must(`cat /run/policy ${POLICY}; rm ${POLICY}`)).toBe(own + own);
  });

  test("nor that of the operator's scripts one whose mirror does not answer", async () => {
    copyFileSync("bin/prepare.sh", join(host().root, "root", "prepare.sh"));
    await wrap("apt-get", "ls /usr/sbin/policy-rc.d; exit 100");
    const failed = await host().exec("bash -euc '. /root/prepare.sh; need_packages no-such-package'");
    await must("rm /usr/local/sbin/apt-get");
    expect([failed.code, failed.stdout]).toEqual([1, expect.stringContaining("/usr/sbin/policy-rc.d\n")]);
    expect((await host().exec("ls /usr/sbin/policy-rc.d")).code).not.toBe(0);
  });
});
