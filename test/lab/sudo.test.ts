import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { bundleCli } from "../../bin/bundle-cli.ts";
import type { Connection } from "../../bundle/manifest.ts";
import { Converge } from "../../constructs/host/converge.ts";
import { converge } from "../../converge/converge.ts";
import { synthOutput } from "../constructs/synth.ts";
import { captured } from "./captured.ts";
import { Cli } from "./cli.ts";
import { labHost } from "./lab-host.ts";
import { Reach, unpinned } from "./reach.ts";
import { labMissing } from "./requirements.ts";
import { eventually } from "./run.ts";

const missing = labMissing();
const PASSWORD = "an-open-sesame-27";

describe.skipIf(missing)(`sudo${missing ? ` (${missing})` : ""}`, () => {
  const bytes = randomBytes(300_000);
  const digest = createHash("sha256").update(bytes).digest("hex");
  let reach: Reach;
  const said = captured();

  beforeAll(async () => {
    reach = await Reach.start();
    await reach.one.must(
      "apt-get -q update && apt-get -qy install sudo && useradd --create-home --shell /bin/bash deploy && " +
        "chpasswd && cp -r /root/.ssh /home/deploy && chown -R deploy /home/deploy",
      { input: `deploy:${PASSWORD}\n` },
    );
    reach.put("word", PASSWORD);
    reach.put("other", "another-word");
    await bundleCli(cli());
  });
  afterEach(() => reach.hangUp());
  afterAll(() => reach?.stop());

  const deploy = (word?: string) =>
    reach.to({ user: "deploy", ...(word && { sudo: { password: { file: word, version: 1 } } }) });
  const sudoers = (...rules: string[]) =>
    reach.one.must("cat >/etc/sudoers.d/deploy; chmod 440 /etc/sudoers.d/deploy", {
      input: `${rules.join("\n")}\n`,
    });

  const cli = () => join(reach.lab.folder, "cli", "soundstage.mjs");
  const command = (output: string, verb: string, ...args: readonly string[]) =>
    new Cli([process.execPath, cli(), verb, ...args, "--stack", "test", "--output", output], {});

  /** All that a command may be: with and without stdin, text and stream, with a quote and a failure. */
  async function works(connection: Connection): Promise<void> {
    const ssh = await reach.connect(connection);
    const hashed = await ssh.exec("sha256sum", Readable.from([bytes]));
    expect(hashed).toEqual({ code: 0, stdout: `${digest}  -\n`, stderr: "" });
    expect(await ssh.exec("cat", "line\nno end")).toEqual({ code: 0, stdout: "line\nno end", stderr: "" });
    const answer = { code: 7, stdout: "root\n", stderr: "it's\n" };
    expect(await ssh.exec("cat; id -un; echo it\\'s >&2; exit 7")).toEqual(answer);
  }

  test("sudo that asks for no password", async () => {
    await sudoers("deploy ALL=(root) NOPASSWD: ALL");
    await works(deploy());
    // A password that nobody asks for does not reach the command.
    await works(deploy("word"));
  });

  test("sudo with a password, which is in no argument, log or answer", async () => {
    await sudoers("deploy ALL=(root) ALL", "Defaults lecture=always, !use_pty");
    await works(deploy("word"));
    await sudoers("deploy ALL=(root) ALL", "Defaults lecture=always, use_pty, timestamp_timeout=0");
    await works(deploy("word"));
    const ssh = await reach.connect(deploy("word"));
    await reach.one.must("rm -f /run/seen");
    const running = ssh.exec("until [ -e /run/seen ]; do sleep 0.1; done; cat", "x");
    const seen = await vi.waitFor(
      async () => {
        const all = await reach.one.must("cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' ' '");
        expect(all).toContain("until [ -e /run/seen ]");
        return all;
      },
      { timeout: 10_000, interval: 100 },
    );
    await reach.one.must(": >/run/seen");
    expect(seen).not.toContain(PASSWORD);
    expect(await running).toEqual({ code: 0, stdout: "x", stderr: "" });
    expect(await reach.one.must("journalctl --output=cat")).not.toContain(PASSWORD);
  });

  test("what sudo refuses is said in words", async () => {
    await sudoers("deploy ALL=(root) ALL");
    const refused = async (connection: Connection, words: RegExp) => {
      const ssh = await reach.connect(connection);
      await expect(ssh.exec("cat", "not for sudo")).rejects.toThrow(words);
    };
    await refused(deploy("other"), /sudo refuses the password of deploy: ssh\.sudo\.password names another/);
    // What comes after a wrong password is not tried as another.
    const log = await reach.one.must("journalctl --output=cat _COMM=sudo");
    expect(log).toContain("deploy : 1 incorrect password attempt");
    await refused(deploy(), /sudo asks for the password of deploy: name it in ssh\.sudo\.password/);
    await sudoers("deploy ALL=(root) ALL", "Defaults requiretty");
    await refused(deploy("word"), /sudo wants a terminal.*Defaults:deploy !requiretty/);
    await sudoers("");
    await refused(deploy("word"), /deploy may not become root/);
    await reach.one.must("mv /usr/bin/sudo /usr/bin/sudo.away");
    await refused(deploy("word"), /there is no sudo on the host/);
    await reach.one.must("mv /usr/bin/sudo.away /usr/bin/sudo");
  });

  test("a bundle is applied over a jump host and with passwords, every command of it", async () => {
    await sudoers("deploy ALL=(root) ALL", "Defaults use_pty");
    const { one, hop, lab } = reach;
    const key = join(lab.folder, "locked");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", PASSWORD, "-C", "", "-f", key]);
    const input = readFileSync(`${key}.pub`, "utf8");
    await one.must("cat >>/home/deploy/.ssh/authorized_keys", { input });
    await hop.must("cat >>/root/.ssh/authorized_keys", { input });
    reach.put("team_hosts", [one, hop].map(({ address, hostKey }) => `${address} ${hostKey}\n`).join(""));
    const word = { file: "word", version: 1 };
    const ssh = {
      ...unpinned(deploy("word")),
      identity: "locked",
      passphrase: word,
      knownHosts: "team_hosts",
      jump: [{ address: hop.address, port: 22, user: "root" }],
    };
    const output = (page: string) =>
      synthOutput((stack) => {
        const host = labHost(stack, "one", ssh);
        host.file(stack, "/srv/page", { content: page });
        host.secret(stack, "/srv/secret", { parts: ["word=", word, "\n"] });
        new Converge(stack, "converge", { stack: "test", hosts: [host] });
      });
    const page = "lines enough\n".repeat(20_000);
    const code = await converge({ output: output(page), stack: "test" });
    expect([code, said]).toEqual([0, expect.anything()]);
    expect(await one.must("cat /srv/page")).toBe(page);
    expect(await one.must("stat -c '%a %U' /srv/secret; cat /srv/secret")).toBe(
      `600 root\nword=${PASSWORD}\n`,
    );
    said.splice(0);
    expect(await converge({ output: output(page), stack: "test" })).toBe(0);
    expect(said.join("\n")).toMatch(/^one +same/);
  });

  test.for([
    ["asks for no password", "deploy ALL=(root) NOPASSWD: ALL", undefined],
    ["asks for one", "deploy ALL=(root) ALL", "word"],
  ] as const)("logs and unlock, where sudo %s", async ([name, rule, word]) => {
    await sudoers(rule, "Defaults use_pty, timestamp_timeout=0");
    const { one } = reach;
    const output = (page: string, seconds: number) =>
      synthOutput((stack) => {
        const host = labHost(stack, "one", deploy(word));
        host.file(stack, "/srv/page", { content: page });
        host.file(stack, "/etc/systemd/system/page.service", {
          content: `[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep ${seconds}\n`,
        });
        host.unit(stack, "page.service", { restart: ["/srv/page"] });
        new Converge(stack, "converge", { stack: "test", hosts: [host] });
      });
    const out = output(name, 0);
    const runs = [command(out, "apply")];
    const begun = (verb: string, ...args: readonly string[]) => {
      const run = command(out, verb, ...args);
      runs.push(run);
      return run;
    };
    expect((await runs[0]?.ended)?.code, runs[0]?.stderr).toBe(0);

    const logs = await begun("logs", "one", "page.service", "--lines", "1").ended;
    expect([logs.code, logs.stderr, logs.stdout]).toEqual([
      0,
      "",
      expect.stringMatching(/^.*page\.service.*\n$/),
    ]);
    const following = begun("logs", "one", "page.service", "--follow", "--lines", "0");
    const journals = async (count: string) =>
      expect((await one.exec("ls -l /proc/[0-9]*/exe 2>/dev/null | grep -c /journalctl")).stdout).toBe(
        `${count}\n`,
      );
    await eventually(10_000, () => journals("1"));
    await one.must("systemctl restart page.service");
    await eventually(10_000, async () => expect(following.stdout).toContain("page.service"));
    following.kill("SIGINT");
    await following.ended;
    await eventually(10_000, () => journals("0"));

    const applying = command(output(`${name} is slow`, 3), "apply");
    runs.push(applying);
    await eventually(20_000, async () =>
      expect((await one.exec("systemctl is-active page.service")).stdout).toBe("activating\n"),
    );
    const asked = await begun("unlock", "one").ended;
    expect([asked.code, asked.stdout]).toEqual([
      2,
      expect.stringMatching(/^one is held by .*\none {2}nothing was changed\n$/),
    ]);
    const taken = await begun("unlock", "one", "--yes").ended;
    expect([taken.code, taken.stdout], taken.stderr).toEqual([
      0,
      expect.stringMatching(/^one {2}taken from .*\none {2}generation \d+ is in place again$/m),
    ]);
    expect([(await applying.ended).code, await one.must("cat /srv/page")]).toEqual([1, name]);
    for (const { stdout, stderr } of runs) expect(stdout + stderr).not.toContain(PASSWORD);
  });
});
