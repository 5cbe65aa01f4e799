import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Reach } from "./reach.ts";
import { labMissing } from "./requirements.ts";
import { type Result, run } from "./run.ts";

const missing = labMissing();

describe.skipIf(missing)(`trust${missing ? ` (${missing})` : ""}`, () => {
  let reach: Reach;
  let rsa: string;
  const prints = { ed25519: "", rsa: "", hop: "" };

  beforeAll(async () => {
    reach = await Reach.start();
    await reach.one.must("ssh-keygen -q -t rsa -b 2048 -N '' -f /etc/ssh/rsa");
    await reach.configure("HostKey /etc/ssh/rsa");
    rsa = (await reach.one.must("cut -d' ' -f1,2 /etc/ssh/rsa.pub")).trim();
    const print = (file: string) => `ssh-keygen -l -f ${file} | cut -d' ' -f2`;
    prints.ed25519 = (await reach.one.must(print("/etc/ssh/ssh_host_ed25519_key.pub"))).trim();
    prints.rsa = (await reach.one.must(print("/etc/ssh/rsa.pub"))).trim();
    prints.hop = (await reach.hop.must(print("/etc/ssh/ssh_host_ed25519_key.pub"))).trim();
  });
  afterAll(() => reach?.stop());

  /** A platform of one host, with a remark that has to stay. */
  const platform = (ssh: string) =>
    `platform: trusted\nstate: local\nzones: {}\nauthority: { certificate: { file: ca.crt }, key: { file: ca.key } }\ncache: { maxmemory: 64MiB, password: { env: REDIS, version: 1 } }\nregions:\n  eu:\n    serves: ["*"]\n    hosts:\n      one: # a remark\n        address: ${reach.one.address}\n        private: ${reach.one.private}\n        roles: [cache]\n        cpus: 1\n        memory: 1GiB\n        ssh: ${ssh}\n`;
  const text = () => readFileSync(process.env.SOUNDSTAGE_PLATFORM as string, "utf8");
  function trust(ssh: string, ...args: string[]): Promise<Result> {
    reach.put("platform.yaml", platform(ssh));
    return run(process.execPath, ["--import", "tsx", "bin/soundstage.ts", "trust", "one", ...args]);
  }

  test("the keys of every type are shown, and nothing is written without a word", async () => {
    const { code, stdout, stderr } = await trust("{}");
    expect([code, stderr]).toEqual([2, expect.stringContaining("there is no terminal to ask at")]);
    expect(stdout).toBe(
      `one (${reach.one.address}:22) shows\n  ssh-ed25519  ${prints.ed25519}\n  ssh-rsa      ${prints.rsa}\n` +
        "  no second path: compare a fingerprint at the host's own console (ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub)\n" +
        "nothing was written\n",
    );
    expect(text()).toBe(platform("{}"));
    const alone = await trust("{}", "--yes");
    expect([alone.code, alone.stderr]).toEqual([
      1,
      expect.stringContaining("--yes pins what nobody looks at"),
    ]);
    const elsewhere = await trust("{}", "--stack", "region-us");
    expect(elsewhere.stderr).toContain("has no host one in region us");
  });

  test("a fingerprint from elsewhere pins the key it is of, with comments and form kept", async () => {
    const { code, stderr } = await trust("{ user: root }", "--yes", "--fingerprint", prints.rsa);
    expect([code, stderr]).toEqual([0, ""]);
    expect(text()).toBe(platform(`{ user: root, hostKey: ${rsa} }`));
    const other = await trust("{}", "--yes", "--fingerprint", prints.hop);
    expect([other.code, other.stderr]).toEqual([
      1,
      expect.stringContaining("it has no key with the fingerprint that was given"),
    ]);
    expect(text()).toBe(platform("{}"));
  });

  test("at a terminal a word or the fingerprint pins the key, and anything else does not", async () => {
    reach.put("platform.yaml", platform("{}"));
    const answered = (word: string) =>
      run("script", ["-qec", `${process.execPath} --import tsx bin/soundstage.ts trust one`, "/dev/null"], {
        input: `${word}\n`,
      });
    const no = await answered("y");
    expect([no.code, no.stdout, text()]).toEqual([
      2,
      expect.stringContaining(`Pin ssh-ed25519 ${prints.ed25519} for one?`),
      platform("{}"),
    ]);
    expect([(await answered(prints.ed25519)).code, text()]).toEqual([
      0,
      platform(`{ hostKey: ${reach.one.hostKey} }`),
    ]);
  });

  test("another pin stays unless it is to be replaced", async () => {
    const other = `{ hostKey: ${reach.hop.hostKey} } # of old`;
    const refused = await trust(other, "--yes", "--fingerprint", prints.ed25519);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("--replace")]);
    expect(text()).toBe(platform(other));
    const { code } = await trust(other, "--yes", "--fingerprint", prints.ed25519, "--replace");
    expect([code, text()]).toEqual([0, platform(`{ hostKey: ${reach.one.hostKey} } # of old`)]);
    const again = await trust(`{ hostKey: "${prints.rsa}" }`, "--yes", "--fingerprint", prints.ed25519);
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining("pins a key of one already")]);
  });

  test("known_hosts and the way past the jump host are second paths", async () => {
    const { address, hostKey } = reach.hop;
    const jump = `jump: { address: ${address}, hostKey: ${hostKey} }, identity: id_ed25519`;
    reach.put("known", `${reach.one.address} ${rsa}\n`);
    const both = await trust(`{ ${jump}, knownHosts: known }`, "--json");
    expect(both.code).toBe(2);
    expect(JSON.parse(both.stdout)).toMatchObject({
      agrees: [
        expect.stringMatching(/^line 1 of .*known has its ssh-rsa key$/),
        "past its jump host it shows the same keys",
      ],
      contradicts: [],
      choice: { fingerprint: prints.rsa },
      outcome: "nothing was written",
    });
    reach.put("known", `${reach.one.address} ${hostKey}\n`);
    const refused = await trust("{ knownHosts: known }", "--json");
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      contradicts: [expect.stringContaining("has another ssh-ed25519 key")],
      outcome: expect.stringMatching(/^refused: line 1 of .*known has another/),
    });
    const another = await trust("{ knownHosts: known }", "--yes", "--fingerprint", prints.ed25519);
    expect([another.code, another.stderr]).toEqual([
      1,
      expect.stringMatching(/line 1 of .*known has another ssh-ed25519 key/),
    ]);
    // Who sits before the host answers otherwise than the host does from behind the jump host.
    await reach.hop.must(`ip addr add ${reach.one.address}/32 dev lo; systemctl restart ssh`);
    await reach.hop.reachable();
    const middle = await trust(`{ ${jump} }`, "--yes", "--fingerprint", prints.hop);
    expect([middle.code, middle.stderr]).toEqual([
      1,
      expect.stringContaining(`past its jump host it shows other keys: ${prints.ed25519}`),
    ]);
  });
});
