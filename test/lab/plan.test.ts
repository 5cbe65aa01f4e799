import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Converge } from "../../constructs/host/converge.ts";
import { synthOutput } from "../constructs/synth.ts";
import { Cli, type Ended } from "./cli.ts";
import { Fleet, type Want, type Wants } from "./fleet.ts";
import { labHost } from "./lab-host.ts";
import { labMissing } from "./requirements.ts";

const missing = labMissing();
/** Whether a host leads; where it is broken that can not be told. */
const LEADS = "if test -e /srv/broken; then echo it is broken >&2; exit 7; fi; test -e /srv/leads";
const CANARIES = ["here-comes-the-sun", "across-the-universe"];

describe.skipIf(missing)(`plan${missing ? ` (${missing})` : ""}`, () => {
  let fleet: Fleet;
  const order = [{ group: "db", mode: "one-by-one" as const, leads: LEADS, handover: "rm /srv/leads" }];

  beforeAll(async () => {
    fleet = await Fleet.start("a", "b");
    secret(0);
  });
  afterAll(async () => {
    await fleet?.lab.stop();
  });

  const secret = (canary: number) => writeFileSync(join(fleet.lab.folder, "token"), `${CANARIES[canary]}\n`);
  const both = (want: Want): Wants => ({ a: want, b: want });
  const ask = (command: string, output: string, ...args: string[]): Promise<Ended> =>
    new Cli(
      [process.execPath, fleet.cli, command, "--stack", "fleet", "--output", output, ...args],
      fleet.env,
    ).ended;

  /** All that a plan could have touched: our state, what is managed, and what a question may leave in memory. */
  const fingerprint = (name: string) =>
    fleet.lab
      .host(name)
      .must(
        "{ find /var/lib/soundstage /srv /etc /run/soundstage* -printf '%p %m %u %s %T@\\n'; find /var/lib/soundstage /srv /etc -type f -exec sha256sum {} +; } 2>/dev/null | sort",
      );

  test("on a bare host it shows all that would come, and leaves nothing there", async () => {
    const before = await fingerprint("a");
    const { code, stdout, stderr } = await ask(
      "plan",
      fleet.output(both({ page: "one", token: 1, order, sshd: "LoginGraceTime 60\n" })),
    );
    expect([code, stderr]).toEqual([2, ""]);
    expect(stdout).toMatch(/^a {2}nothing of ours → bundle [0-9a-f]{12}$/m);
    expect(stdout).toContain("  + /srv/page  0644 root:root, 4 bytes\n    @@ -0,0 +1 @@\n    +one\n");
    expect(stdout).toContain("  + /etc/token  secret, version 1\n");
    expect(stdout).toContain("  ~ unit page.service: start\n");
    expect(stdout).toContain("could lock us out");
    expect(stdout).toContain("2 of 2 hosts would change\n");
    expect(await fingerprint("a")).toBe(before);
    expect(before).not.toContain("/var/lib/soundstage");
    const bare = await ask("drift", fleet.output(both({ page: "one" })));
    expect([bare.code, bare.stdout]).toEqual([
      0,
      "a  nothing was put there yet\nb  nothing was put there yet\n",
    ]);
    expect(await fingerprint("a")).toBe(before);
  });

  test("a changed line is shown as such, with what restarts, in its wave; nothing to do is 0", async () => {
    const out = fleet.output(both({ page: "one", token: 1, order }));
    expect((await fleet.applied(out)).code).toBe(0);
    expect(await ask("plan", out)).toMatchObject({
      code: 0,
      stdout: "a  nothing to change\nb  nothing to change\n0 of 2 hosts would change\n",
    });
    await fleet.lab.host("a").must("touch /srv/leads");
    const before = await fingerprint("a");
    const { code, stdout, stderr } = await ask("plan", fleet.output(both({ page: "two", token: 1, order })));
    expect([code, stderr]).toEqual([2, ""]);
    expect(stdout.split("\nb  ")[0]).toMatch(
      new RegExp(
        [
          "^a {2}generation 1 → bundle [0-9a-f]{12}",
          "  ~ /etc/systemd/system/page\\.service",
          "    @@ -1,4 \\+1,4 @@",
          "    -# of one",
          "    \\+# of two",
          "     \\[Service\\]",
          "     Type=oneshot",
          "     RemainAfterExit=yes",
        ].join("\n"),
      ),
    );
    expect(stdout).toContain(
      "  ~ /srv/page\n    @@ -1 +1 @@\n    -one\n    +two\n  ~ unit page.service: restart (its last start took 0.1 s)\n",
    );
    // The leader last, after it has handed over.
    expect(stdout).toContain("wave 1: b; group db; then db must be back\n");
    expect(stdout).toContain("wave 2: a; group db; a hands over db first; then db must be back\n");
    expect(await fingerprint("a")).toBe(before);
  });

  test("no value of a secret is shown, neither the old nor the new one", async () => {
    secret(1);
    // A file that was a secret and becomes a text: what is there is still one.
    const out = fleet.output(both({ page: "one", token: 2, order }));
    const { code, stdout, stderr } = await ask("plan", out, "--json");
    const all = [stdout, (await ask("plan", out)).stdout].join("");
    expect([code, stderr]).toEqual([2, ""]);
    const [stack] = JSON.parse(stdout).stacks;
    expect(stack.hosts[0].files).toEqual([
      { path: "/etc/token", what: "change", drift: false, note: "secret, version 1 → 2" },
    ]);
    expect(stack.hosts[0].units).toEqual([{ name: "page.service", verb: "restart" }]);
    const text = fleet.output(both({ page: "one", plainToken: "no more\n", order }));
    const plain = await ask("plan", text);
    expect(plain.stdout).toMatch(/~ \/etc\/token {2}its lines are not shown/);
    for (const canary of CANARIES) expect(all + plain.stdout).not.toContain(canary);
    const refused = await ask("plan", fleet.output(both({ page: "one", token: 1, order })));
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining("raise its version to rotate it"),
    ]);
    secret(0);
  });

  test("drift is told apart from what a new bundle changes", async () => {
    const held = fleet.output(both({ page: "one", token: 1, order }));
    await fleet.lab.host("b").must("echo zero > /srv/page");
    const drift = await ask("drift", fleet.output(both({ page: "two", token: 1, order })));
    expect([drift.code, drift.stderr]).toEqual([2, ""]);
    expect(drift.stdout).toContain("a  generation 1: no drift; the output has another bundle for it");
    expect(drift.stdout).toContain(
      "b  generation 1: 1 drifted; the output has another bundle for it, which `soundstage plan` shows\n  ! /srv/page\n    @@ -1 +1 @@\n    -one\n    +zero\n",
    );
    expect((await ask("drift", held, "a")).code).toBe(0);
    const plan = await ask("plan", held);
    expect([plan.code, plan.stderr]).toEqual([2, ""]);
    expect(plan.stdout).toContain("a  nothing to change\nb  generation 1");
    expect(plan.stdout).toContain(
      "  ! drift: /srv/page\n  ~ /srv/page  (drift)\n    @@ -1 +1 @@\n    -zero\n    +one\n  ~ unit page.service: restart",
    );
    const json = JSON.parse((await ask("drift", held, "--json")).stdout);
    expect(json.stacks[0].hosts[1]).toMatchObject({
      host: "b",
      behind: false,
      drift: [{ what: "/srv/page" }],
    });
    await fleet.lab.host("b").must("echo one > /srv/page");
  });

  test("it names what is missing and what goes: packages, users, folders, kernel keys, units, actions", async () => {
    const key = "net.ipv4.tcp_max_syn_backlog";
    const is = (await fleet.lab.host("a").must(`sysctl -n ${key}`)).trim();
    await fleet.lab
      .host("a")
      .must("echo theirs > /etc/notes; echo hidden > /etc/hidden; chmod 0600 /etc/hidden");
    const out = synthOutput((scope) => {
      const { address, hostKey } = fleet.lab.host("a");
      const host = labHost(scope, "a", { address, hostKey });
      host.package(scope, "nginx-light");
      host.user(scope, "relay");
      host.directory(scope, "/srv", { mode: "0750" });
      host.file(scope, "/etc/notes", { content: "ours\n", mode: "0640" });
      host.file(scope, "/etc/hidden", { content: "seen\n" });
      host.sysctl(scope, key, Number(is) + 1);
      host.unit(scope, "cron.service", { state: "masked" });
      const action = { when: "after", scope: "host", apply: "true" } as const;
      host.action(scope, "new", { ...action, check: "touch /srv/asked" });
      // Its script is on the host already, as that of the group.
      host.action(scope, "known", { ...action, check: LEADS, undo: "true" });
      new Converge(scope, "converge", { stack: "fleet", hosts: [host] });
    }, "fleet");
    await fleet.lab.host("a").must("rm -f /srv/leads");
    const before = await fingerprint("a");
    const { code, stdout, stderr } = await ask("plan", out);
    expect([code, stderr]).toEqual([2, ""]);
    expect(stdout.split("\n").slice(1)).toEqual([
      "  + package nginx-light",
      "  + user relay is made",
      "  ~ /etc/hidden  its lines are not shown: with mode 0600 it is not for everybody on the host to read; mode 0600 → 0644",
      "  ~ /etc/notes  mode 0644 → 0640",
      "    @@ -1 +1 @@",
      "    -theirs",
      "    +ours",
      expect.stringMatching(/^ {2}\+ \/etc\/sysctl.d\/60-soundstage.conf {2}0644 root:root, \d+ bytes$/),
      "    @@ -0,0 +1,2 @@",
      "    +# Written by Soundstage.",
      `    +${key} = ${Number(is) + 1}`,
      "  - /etc/systemd/system/page.service",
      "  - /etc/token",
      "  ~ /srv  folder, mode 0755 → 0750",
      "  - /srv/page",
      `  ~ kernel key ${key}: ${is} → ${Number(is) + 1}`,
      "  ~ unit page.service: stop",
      "  ~ unit cron.service: mask",
      "  ~ action new (host): not known before the host has its check",
      "  ~ action known (host): due",
      "  ! not put back if it fails later: package nginx-light, action new, if it is due",
      "wave 1: a",
      "1 of 1 host would change",
      "",
    ]);
    expect(stdout).not.toContain("hidden\n");
    expect(await fingerprint("a")).toBe(before);
  });

  test("a plan is applied as it was shown, and refused once it is stale", async () => {
    const file = join(fleet.lab.folder, "plan.json");
    const out = fleet.output(both({ page: "three", token: 1, order }));
    expect((await ask("plan", out, "--out", file, "b")).code).toBe(2);
    expect(Object.keys(JSON.parse(readFileSync(file, "utf8")).stacks.fleet)).toEqual(["b"]);
    const other = await fleet.applied(fleet.output(both({ page: "four", token: 1, order })), "--plan", file);
    expect([other.code, other.stderr]).toEqual([1, expect.stringMatching(/is stale: the bundle of b in/)]);
    const unplanned = await fleet.applied(out, "--plan", file, "a");
    expect([unplanned.code, unplanned.stderr]).toEqual([1, expect.stringContaining("plans nothing for a")]);
    const applied = await fleet.applied(out, "--plan", file);
    expect([applied.code, applied.stderr, fleet.pages()]).toEqual([0, "", ["one", "three"]]);

    const stale = await fleet.applied(out, "--plan", file);
    expect(stale.code).toBe(1);
    expect(stale.stderr).toMatch(
      /the plan is stale: the host is at generation 2 .*, and it was planned at generation 1/,
    );
    // Whoever comes between: the same bundle once more is another generation.
    const back = fleet.output(both({ page: "five", token: 1, order }));
    expect((await ask("plan", back, "--out", file)).code).toBe(2);
    expect((await fleet.applied(out, "a")).code).toBe(0);
    const late = await fleet.applied(back, "--plan", file);
    expect([late.code, fleet.pages()]).toEqual([1, ["three", "three"]]);
    expect(late.stderr).toContain("the plan is stale: the host is at generation 2");
  });

  test("for how long a host is out is what it measured when its units restarted last", async () => {
    const waits = { probe: "test -e /run/asked || { touch /run/asked; exit 1; }", probeSeconds: 10 };
    const slow = (page: string) =>
      fleet.output({ a: { page, slow: 1 }, b: { page, slow: 1, token: 1, ...waits } });
    const applied = await fleet.applied(slow("six"));
    expect([applied.code, applied.stderr]).toEqual([0, ""]);
    const { stacks } = JSON.parse((await ask("plan", slow("seven"), "--json")).stdout);
    const [a, b] = stacks[0].hosts.map((host: { outage: object }) => host.outage);
    expect(a).toEqual({ ms: expect.any(Number), probesMs: 0, units: [expect.anything()] });
    expect(a.units).toEqual([{ name: "page.service", ms: a.ms, by: "restart" }]);
    expect(a.ms).toBeGreaterThanOrEqual(1000);
    expect(a.ms).toBeLessThan(5000);
    expect(b.probesMs).toBeGreaterThanOrEqual(1000);
    expect(b.ms).toBeGreaterThanOrEqual(1000 + b.probesMs);
    const { stdout } = await ask("plan", slow("seven"), "a");
    const time = `${(a.ms / 1000).toFixed(1)} s`;
    expect(stdout).toContain(`  ~ unit page.service: restart (out ${time} last time)\n`);
    expect(stdout).toContain(`  ! out for about ${time} (page ${time})\n`);
    // A generation that restarts nothing still knows.
    const alone = await fleet.applied(fleet.output({ a: { page: "six", slow: 1, plainToken: "new\n" } }));
    expect([alone.code, alone.stderr]).toEqual([0, ""]);
    expect((await ask("plan", slow("seven"), "a")).stdout).toContain(`(out ${time} last time)`);
  });

  test("a script that fails has not said no", async () => {
    const led = (page: string) => fleet.output({ a: { page, slow: 1, order, action: "migrate" } });
    const applied = await fleet.applied(led("six"));
    expect([applied.code, applied.stderr]).toEqual([0, ""]);
    await fleet.lab.host("a").must("touch /srv/broken");
    const { code, stdout } = await ask("plan", led("seven"));
    expect(code).toBe(2);
    expect(stdout).toContain(
      "  ! group db: could not be asked whether the host leads it (exit code 7: it is broken); the order below takes it as no\n",
    );
    expect(stdout).toContain(
      "  ! action migrate (cluster): could not be asked whether it is due (exit code 7)\n",
    );
    await fleet.lab.host("a").must("rm /srv/broken");
  });

  test("a host that can not be asked makes it 1, and no plan is written", async () => {
    const file = join(fleet.lab.folder, "partial.json");
    const out = fleet.output({ a: { page: "six" }, b: { page: "six", ports: [2222] } });
    const { code, stdout, stderr } = await ask("plan", out, "--out", file);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^a {2}generation/m);
    expect(stderr).toMatch(/^b {2}FAILED .*can not be reached/m);
    expect(stderr).toContain(`${file} is not written`);
    expect(() => readFileSync(file)).toThrow("ENOENT");
  });
});
