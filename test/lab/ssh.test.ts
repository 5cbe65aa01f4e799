import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Connection } from "../../bundle/manifest.ts";
import { connects } from "./proxy.ts";
import { Reach, unpinned } from "./reach.ts";
import { labMissing } from "./requirements.ts";

const missing = labMissing();
const PATIENT = { timeout: 10_000, interval: 100 };

describe.skipIf(missing)(`ssh${missing ? ` (${missing})` : ""}`, () => {
  let reach: Reach;
  beforeAll(async () => {
    reach = await Reach.start();
  });
  afterEach(() => reach.hangUp());
  afterAll(() => reach?.stop());

  const jumpHost = () => {
    const { address, hostKey } = reach.hop;
    return { address, port: 22, user: "root", hostKey };
  };

  test("ports are tried in order", async () => {
    const moving = reach.to({ ports: [2222, 22] });
    const port = "echo $SSH_CONNECTION | cut -d' ' -f4";
    expect(await reach.says(moving, port)).toBe("22");
    await reach.sshd("moved", "-p 2222");
    await vi.waitFor(() => connects(reach.one.address, 2222), PATIENT);
    expect(await reach.says(moving, port)).toBe("2222");
    await expect(reach.connect(reach.to({ ports: [2223, 2224] }))).rejects.toThrow(
      /root@\S+ can not be reached: port 2223: .*ECONNREFUSED.*; port 2224: /,
    );
  });

  test("without a pin known_hosts decides, hashed as ssh writes it", async () => {
    const { address, hostKey } = reach.one;
    await expect(reach.connect(unpinned(reach.to()))).rejects.toThrow(
      `soundstage trust one\`, or write into the row of one\n  ssh.hostKey: ${hostKey}`,
    );
    const file = reach.put("home/.ssh/known_hosts", `${address} ${hostKey}\n`);
    execFileSync("ssh-keygen", ["-q", "-H", "-f", file], { stdio: "ignore" });
    expect(readFileSync(file, "utf8")).not.toContain(address);
    expect(await reach.says(unpinned(reach.to()), "id -un")).toBe("root");
    reach.put("team_hosts", `${address} ${reach.hop.hostKey}\n`);
    await expect(reach.connect({ ...unpinned(reach.to()), knownHosts: "team_hosts" })).rejects.toThrow(
      /line 1 of .*team_hosts knows SHA256:/,
    );
    reach.put("home/.ssh/known_hosts", `@revoked * ${hostKey}\n`);
    await expect(reach.connect(reach.to())).rejects.toThrow(/is revoked by line 1/);
    rmSync(file);
  });

  test("a fingerprint may be that of any key of the host", async () => {
    await reach.one.must("ssh-keygen -q -t rsa -b 2048 -N '' -f /etc/ssh/rsa");
    await reach.configure("HostKey /etc/ssh/rsa");
    const [, hostKey] = (await reach.one.must("ssh-keygen -l -f /etc/ssh/rsa")).split(" ");
    expect(await reach.says(reach.to({ hostKey: hostKey as string }), "id -un")).toBe("root");
    await reach.configure("");
    await expect(reach.connect(reach.to({ hostKey: hostKey as string }))).rejects.toThrow(
      /host key of \S+ is SHA256:.*and the platform file pins SHA256:/,
    );
  });

  test("a man in the middle with another key is told nothing", async () => {
    await reach.one.must(
      "ssh-keygen -q -t ed25519 -N '' -f /root/middle; systemctl stop ssh.socket ssh.service",
    );
    await reach.sshd("middle", "-f /dev/null -o HostKey=/root/middle -o LogLevel=DEBUG1");
    await reach.one.reachable();
    await expect(reach.connect(reach.to())).rejects.toThrow(
      /the host key of \S+:22 is SHA256:\S+, and the platform file pins ssh-ed25519/,
    );
    const log = await reach.one.must("journalctl --output=cat --unit=middle");
    expect(log).toContain("kex: client->server cipher");
    expect(log).not.toContain("userauth");
    await reach.one.must("systemctl stop middle; systemctl start ssh");
    await reach.one.reachable();
  });

  test.for([
    ["KexAlgorithms diffie-hellman-group14-sha1", "key exchange"],
    ["HostKeyAlgorithms ssh-rsa\nHostKey /etc/ssh/rsa", "host key"],
    ["Ciphers aes128-cbc", "cipher"],
    ["Ciphers aes256-ctr\nMACs hmac-sha1", "MAC"],
  ] as const)("what is old is not spoken: %s", async ([line, what]) => {
    await reach.configure(line);
    await expect(reach.connect(reach.to())).rejects.toThrow(what);
    await reach.configure("");
  });

  test("hosts are reached over jump hosts, whose keys are judged alike", async () => {
    const jump = jumpHost();
    const from = "echo $SSH_CONNECTION | cut -d' ' -f1";
    expect(await reach.says(reach.to({ jump: [jump] }), from)).toBe(jump.address);
    expect(await reach.says(reach.to({ jump: [jump, jump], ports: [2299, 22] }), from)).toBe(jump.address);
    const refused = (connection: Connection) => expect(reach.connect(connection)).rejects;
    await refused(reach.to({ jump: [{ ...jump, hostKey: reach.one.hostKey }] })).toThrow(
      /host key of jump host \S+:22 is SHA256:.* change ssh\.jump\.hostKey$/,
    );
    const { hostKey: _, ...unknown } = jump;
    await refused(reach.to({ jump: [jump, unknown] })).toThrow(
      `write into the row of one\n  ssh.jump[1].hostKey: ${jump.hostKey}`,
    );
    await refused(reach.to({ jump: [jump], hostKey: jump.hostKey })).toThrow(
      /host key of 10\.\S+:22 is SHA256:/,
    );
    await refused(reach.to({ jump: [jump], ports: [2299] })).toThrow(
      /port 2299: the jump host does not reach it: .*Connection refused/,
    );
  });

  test("hosts behind a jump host share its connections, eight to each", async () => {
    const access = await reach.access();
    const jump = [jumpHost()];
    await Promise.all(Array.from({ length: 10 }, () => reach.connect(reach.to({ jump }), access)));
    const count = async () => {
      const found = await reach.hop.must("ss -Htn state established '( sport = :22 )'");
      return found.split("\n").filter(Boolean).length;
    };
    expect(await count()).toBe(2);
    reach.hangUp();
    await vi.waitFor(async () => expect(await count()).toBe(0), PATIENT);
  });

  test("a command whose input fails ends with the reason", async () => {
    const ssh = await reach.connect(reach.to());
    async function* input() {
      yield "half\n";
      throw new Error("the file went away");
    }
    await expect(ssh.exec("cat", Readable.from(input()))).rejects.toThrow("the file went away");
    expect((await ssh.exec("id -un")).stdout).toBe("root\n");
  });

  test("a connection that breaks ends its commands, and nothing else", async () => {
    const ssh = await reach.connect(reach.to());
    const running = expect(ssh.exec("exec sleep 30")).rejects.toThrow(
      "the connection was lost while a step ran",
    );
    await vi.waitFor(() => reach.one.must("pgrep -x sleep"), PATIENT);
    execFileSync("ss", ["-K", "dst", reach.one.address], { stdio: "ignore" });
    await running;
    await expect(ssh.exec("true")).rejects.toThrow("the connection to the host is lost");
    const next = await reach.connect(reach.to());
    execFileSync("ss", ["-K", "dst", reach.one.address], { stdio: "ignore" });
    await expect(next.exec("true")).rejects.toThrow(
      "no command can be begun on the host: write ECONNABORTED",
    );
  });

  test("commands at once wait for one of eight channels, or for fewer that the host takes", async () => {
    const command = ": >/run/many/$$; until [ -e /run/enough ]; do sleep 0.1; done";
    const atOnce = async () => {
      await reach.one.must("rm -rf /run/many /run/enough; mkdir /run/many");
      const begun = async () => Number(await reach.one.must("ls /run/many | wc -l"));
      const ssh = await reach.connect(reach.to());
      const all = Promise.all(Array.from({ length: 24 }, () => ssh.exec(command)));
      // As many as begin while none ends.
      let most = 0;
      await vi.waitFor(async () => {
        const before = most;
        most = await begun();
        await new Promise((done) => setTimeout(done, 500));
        expect([before, await begun()]).toEqual([most, most]);
        expect(most).toBeGreaterThan(0);
      }, PATIENT);
      await reach.one.must(": >/run/enough");
      expect((await all).map(({ code }) => code)).toEqual(Array(24).fill(0));
      return most;
    };
    await reach.configure("MaxSessions 30");
    expect(await atOnce()).toBe(8);
    await reach.configure("MaxSessions 4");
    expect(await atOnce()).toBe(4);
    await reach.configure("");
  });

  test("keys: of a file with its passphrase, of the agent, and the user's own", async () => {
    const { folder } = reach.lab;
    const own = join(folder, "home", ".ssh", "id_ed25519");
    for (const [file, word] of [
      [join(folder, "locked"), "an-open-sesame"],
      [own, ""],
    ] as const) {
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", word, "-C", "", "-f", file]);
      await reach.one.must("cat >>/root/.ssh/authorized_keys", {
        input: readFileSync(`${file}.pub`, "utf8"),
      });
    }
    reach.put("word", "an-open-sesame\n");
    reach.put("other", "another-word\n");
    const passphrase = (file: string) => ({ passphrase: { file, version: 1 } });
    const locked = reach.to({ identity: "locked" });
    const { identity: _, ...nameless } = reach.to();
    const fine = async (connection: Connection) =>
      expect(await reach.says(connection, "id -un")).toBe("root");
    const refused = (connection: Connection, words: RegExp) =>
      expect(reach.connect(connection)).rejects.toThrow(words);

    await fine({ ...locked, ...passphrase("word") });
    await refused(
      { ...locked, ...passphrase("other") },
      /locked does not open with what ssh\.passphrase names/,
    );
    await refused(locked, /locked has a passphrase: say in ssh\.passphrase where it is/);
    await refused(reach.to({ identity: "absent" }), /absent can not be read \(ENOENT\)/);
    await refused(reach.to({ identity: "locked.pub" }), /locked\.pub is a public key/);
    await fine(nameless);
    rmSync(own);
    await refused(nameless, /there is no key to log in with as root/);

    const agent = execFileSync("ssh-agent", ["-s"], { encoding: "utf8" });
    const [socket, pid] = [/SSH_AUTH_SOCK=([^;]+)/, /SSH_AGENT_PID=(\d+)/].map(
      (form) => form.exec(agent)?.[1],
    );
    try {
      vi.stubEnv("SSH_AUTH_SOCK", socket as string);
      await refused(nameless, /root is refused with every key.*those of the agent/);
      execFileSync("ssh-add", ["-q", reach.lab.identity]);
      await fine(nameless);
      await fine(locked);
      vi.stubEnv("SSH_AUTH_SOCK", join(folder, "no-agent"));
      await fine(reach.to());
    } finally {
      process.kill(Number(pid));
      vi.stubEnv("SSH_AUTH_SOCK", "");
    }
  });
});
