import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Cli, type Ended } from "./cli.ts";
import { Fleet, last, steps } from "./fleet.ts";
import { labMissing } from "./requirements.ts";
import { eventually, must } from "./run.ts";

const missing = labMissing();

describe.skipIf(missing)(`operations${missing ? ` (${missing})` : ""}`, () => {
  let fleet: Fleet;
  let out: string;

  beforeAll(async () => {
    fleet = await Fleet.start("a", "b");
    out = fleet.output({ a: { page: "one" }, b: { page: "one" } });
  });
  afterAll(async () => {
    await fleet?.lab.stop();
  });

  const command = (output: string, verb: string, ...args: readonly string[]) =>
    new Cli([process.execPath, fleet.cli, verb, ...args, "--stack", "fleet", "--output", output], fleet.env);
  const run = (verb: string, ...args: readonly string[]): Promise<Ended> => command(out, verb, ...args).ended;

  test("status tells of hosts that nothing was applied to, and leaves no trace there", async () => {
    const { code, stdout, stderr } = await run("status");
    expect([code, stderr]).toEqual([1, ""]);
    expect(stdout).toMatch(/^a +none +- +.* never$/m);
    expect(stdout).toContain("nothing was applied here yet: soundstage apply b --stack fleet");
    expect((await fleet.lab.host("a").exec("ls /var/lib/soundstage")).code).not.toBe(0);
  });

  test("status tells bundle, generation, units, disk, and by whom it was applied", async () => {
    expect((await fleet.applied(out)).code).toBe(0);
    const { code, stdout } = await run("status");
    expect(stdout).toMatch(/^a +same +1 +[12] of [12] +.*\d (GB|TB).* ago +root@\S+$/m);
    expect([code, stdout.trim().split("\n").at(-1)]).toEqual([0, "2 hosts: all are well"]);

    await fleet.lab.host("a").must("systemctl stop page.service");
    await fleet.lab.host("b").cut();
    // Or packets go on to where it was.
    await must("ip", ["neigh", "flush", "to", fleet.lab.host("b").address]);
    const ill = await run("status", "--json");
    expect([ill.code, ill.stderr]).toEqual([1, ""]);
    await fleet.lab.host("b").heal();
    const { hosts } = JSON.parse(ill.stdout);
    expect(hosts[0]).toMatchObject({ host: "a", reachable: true, generation: 1, bundle: "same" });
    expect(hosts[0].faults).toEqual([
      "page.service is inactive, not started: soundstage logs a page.service --stack fleet",
    ]);
    expect(hosts[1]).toMatchObject({ host: "b", reachable: false });
    await fleet.lab.host("a").must("systemctl start page.service");
  });

  test("status of another output says so, and who holds a host while it is held", async () => {
    const next = fleet.output({ a: { page: "two", slow: 4 }, b: { page: "one" } });
    const applying = fleet.apply(next, "a");
    await fleet.starting("a");
    const during = await command(next, "status", "--json").ended;
    expect(JSON.parse(during.stdout).hosts[0]).toMatchObject({
      bundle: "other",
      interrupted: false,
      heldBy: expect.stringMatching(/^root@.* pid \d+ since /),
    });
    expect((await applying.ended).code).toBe(0);
    const after = await run("status", "a");
    expect([after.code, after.stdout]).toEqual([1, expect.stringMatching(/^a +other +2 /m)]);
  });

  test("history shows what is kept, and the audit what was done", async () => {
    const { code, stdout } = await run("history", "a");
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^ +1 +kept +[0-9a-f]{8} +this output's +20\S+Z +root@\S+ pid \d+$/m),
    ]);
    expect(stdout).toMatch(/^ +2 +holds +[0-9a-f]{8} +20/m);
    const audit = JSON.parse((await run("history", "a", "--audit", "--json")).stdout).audit;
    expect(audit.map(({ event, text }: { event: string; text: string }) => `${event} ${text}`)).toEqual([
      "generation 1 after 0",
      "generation 2 after 1",
    ]);
    expect(audit[0].from).toMatch(/^[\d.]+$/);
  });

  test("rollback brings the last other generation back, proven like any change, and forth again", async () => {
    const { code, stdout, stderr } = await run("rollback", "a");
    expect([code, stderr, fleet.pages()[0]]).toEqual([0, "", "one"]);
    expect(steps(stdout, "rollback", "units", "probe", "generation")).toEqual([
      "a rollback",
      "a units",
      "a probe",
      "a generation",
    ]);
    expect(stdout).toMatch(/^a +rollback +to generation 1, applied 20/m);
    expect((await run("status", "a")).code).toBe(0);
    const soon = await run("rollback", "a", "--lock-wait", "soon");
    expect([soon.code, soon.stdout, soon.stderr]).toEqual([
      1,
      "",
      "soundstage: --lock-wait soon: expected a time such as 60s or 5m\n",
    ]);
    const same = await run("rollback", "a", "1");
    expect([same.code, same.stderr]).toEqual([
      1,
      expect.stringContaining("generation 1 is the bundle that is in place"),
    ]);
    expect((await run("rollback", "a", "9")).stderr).toContain(
      "generation 9 is not kept; kept: 1, 2, 3, of which 3 holds",
    );
    const forth = await run("rollback", "a", "--json");
    expect([forth.code, fleet.pages()[0], await fleet.held()]).toEqual([0, "two", []]);
    expect(JSON.parse(last(forth.stdout))).toMatchObject({ event: "summary", hosts: { a: "changed" } });
  });

  test("a rollback that does not prove itself is put back", async () => {
    // Two generations that both held when they were applied, and the host has changed since.
    const [before, next] = [{ page: "old", probe: "test ! -e /srv/broken" }, { page: "new" }];
    for (const b of [before, next]) expect((await fleet.applied(fleet.output({ b }))).code).toBe(0);
    await fleet.lab.host("b").must("touch /srv/broken");
    const { code, stdout, stderr } = await run("rollback", "b");
    expect([code, fleet.pages()[1], await fleet.held()]).toEqual([1, "new", []]);
    expect(stderr).toMatch(/b +FAILED +probe page: exit code 1/);
    expect(stdout).toMatch(/b +back +generation \d+ is in place again/);
  });

  test("unlock shows who holds a host, asks, and puts back what is not proven", async () => {
    const free = await run("unlock", "a");
    expect([free.code, free.stdout]).toEqual([
      0,
      "a  nobody holds it, and nothing was left unproven there\n",
    ]);
    const applying = fleet.apply(fleet.output({ a: { page: "three", slow: 3 } }), "a");
    await fleet.starting("a");
    const asked = await run("unlock", "a");
    expect([asked.code, asked.stdout]).toEqual([
      2,
      expect.stringMatching(/^a is held by root@.* pid \d+ since .*\na {2}nothing was changed\n$/),
    ]);
    const taken = await run("unlock", "a", "--yes");
    expect([taken.code, taken.stdout]).toEqual([
      0,
      expect.stringMatching(/a {2}taken from root@.*\na {2}generation \d+ is in place again/),
    ]);
    expect((await applying.ended).code).toBe(1);
    expect([fleet.pages()[0], await fleet.held()]).toEqual(["two", []]);
  });

  test("logs shows the journal of a unit, follows it, and leaves nothing behind on the host", async () => {
    await fleet.lab
      .host("a")
      .must("systemd-cat --identifier=page echo unrelated; systemctl restart page.service");
    const { code, stdout, stderr } = await run("logs", "a", "page.service", "--lines", "2");
    expect([code, stderr, stdout.trim().split("\n").length]).toEqual([0, "", 2]);
    expect(stdout).toMatch(/page\.service/);
    const every = await run("logs", "a", "--json");
    expect(JSON.parse(last(every.stdout))).toHaveProperty("MESSAGE");
    const bad = await run("logs", "a", "--lines", "99999999999");
    expect([bad.code, bad.stdout]).toEqual([1, ""]);
    expect(bad.stderr).toContain("Failed to parse lines");
    const following = command(out, "logs", "a", "page.service", "--follow", "--lines", "0");
    const journals = "ls /proc/*/exe -l 2>/dev/null | grep -c /journalctl";
    await eventually(10_000, async () => {
      if ((await fleet.lab.host("a").exec(journals)).stdout !== "1\n")
        throw new Error("it does not follow yet");
    });
    await fleet.lab.host("a").must("systemctl restart page.service");
    await eventually(10_000, async () => {
      if (!/page\.service/.test(following.stdout)) throw new Error("the restart is not shown");
    });
    following.kill("SIGINT");
    await following.ended;
    await eventually(10_000, async () => {
      if ((await fleet.lab.host("a").exec(journals)).stdout !== "0\n")
        throw new Error("journalctl is left behind");
    });
  });

  test("a rollback of a host that leads its group hands over before anything of it restarts", async () => {
    const lead = {
      leads: "test -e /srv/leads",
      handover: "rm /srv/leads; cp /srv/page /srv/handed",
      gate: "test ! -e /srv/leads",
    };
    const order = [{ group: "db", mode: "one-by-one" as const, ...lead }];
    for (const page of ["led", "leads"])
      expect((await fleet.applied(fleet.output({ a: { page, order } }))).code).toBe(0);
    await fleet.lab.host("a").must("touch /srv/leads");
    const back = await command(fleet.output({ a: { page: "leads", order } }), "rollback", "a").ended;
    expect([back.code, back.stderr, fleet.pages()[0]]).toEqual([0, "", "led"]);
    expect(steps(back.stdout, "handover", "files", "units", "generation")).toEqual([
      "a handover",
      "a files",
      "a units",
      "a generation",
    ]);
    // While the page that it led with was still there.
    expect(await fleet.lab.host("a").must("cat /srv/handed; ls /srv/leads 2>&1 || true")).toMatch(
      /^leads\nls: /,
    );
  });

  test("a rollback that could lock out is confirmed by a new connection, or put back", async () => {
    const host = fleet.lab.host("b");
    const shut = "/etc/ssh/sshd_config.d/60-soundstage.conf";
    await host.must("groupadd operators; usermod -aG operators root");
    const [grouped, open] = [
      fleet.output({ b: { page: "grouped", sshd: "AllowGroups operators\n" } }),
      fleet.output({ b: { page: "open" } }),
    ];
    for (const output of [grouped, open]) {
      const { code, stderr } = await fleet.applied(output);
      expect([code, stderr]).toEqual([0, ""]);
    }
    const back = await command(open, "rollback", "b").ended;
    expect([back.code, back.stderr, fleet.pages()[1]]).toEqual([0, "", "grouped"]);
    expect(back.stdout).toMatch(/^b +confirmed +a new connection was made with what changed$/m);
    const forth = await command(open, "rollback", "b").ended;
    expect([forth.code, fleet.pages()[1]], forth.stdout + forth.stderr).toEqual([0, "open"]);

    // Nobody is let in by what once was right.
    await host.must("gpasswd --delete root operators");
    const locked = await command(open, "rollback", "b").ended;
    expect([locked.code, fleet.pages()[1], await fleet.held()], locked.stdout + locked.stderr).toEqual([
      1,
      "open",
      [],
    ]);
    expect(locked.stderr).toMatch(
      /^b +FAILED +no new connection can be made with what changed, so it is put back/m,
    );
    expect((await host.exec(`ls ${shut}; systemctl is-active soundstage-guard.timer`)).stdout).toBe(
      "inactive\n",
    );
    expect((await command(open, "status", "b").ended).code).toBe(0);
  });

  test("a rollback that is told to end goes no further, or finishes and proves what it has begun", async () => {
    const [slow, quick] = [
      fleet.output({ a: { page: "slow", slow: 2, check: 2 } }),
      fleet.output({ a: { page: "quick" } }),
    ];
    for (const output of [slow, quick]) expect((await fleet.applied(output)).code).toBe(0);
    const early = command(quick, "rollback", "a");
    await eventually(10_000, async () => expect(await fleet.held()).toEqual(["a"]));
    early.kill("SIGINT");
    const stopped = await early.ended;
    expect([stopped.code, fleet.pages()[0], await fleet.held()]).toEqual([130, "quick", []]);
    expect(stopped.stdout).toMatch(/^a +stopped +SIGINT arrived; nothing was changed here$/m);

    const late = command(quick, "rollback", "a");
    await fleet.starting("a");
    late.kill("SIGINT");
    const finished = await late.ended;
    // It is in place and proven: that is what was asked for.
    expect([finished.code, fleet.pages()[0], await fleet.held()]).toEqual([0, "slow", []]);
    expect(finished.stdout).toMatch(/^a +generation +\d+$/m);
  });

  test("doctor examines this machine and the hosts, and says how to mend what fails", async () => {
    await fleet.lab.host("b").must("systemctl stop ssh.socket ssh.service");
    const { code, stdout, stderr } = await run("doctor", "--json");
    await fleet.lab.host("b").must("systemctl start ssh.service");
    expect([code, stderr]).toEqual([1, ""]);
    const { findings } = JSON.parse(stdout);
    const of = (where: string) =>
      Object.fromEntries(
        findings
          .filter((found: { where: string }) => found.where === where)
          .map(({ what, ok }: { what: string; ok: boolean }) => [what, ok]),
      );
    expect(of("here")).toMatchObject({ node: true, git: true, keys: true });
    expect(of("a")).toMatchObject({ ssh: true, release: true, clock: true, systemd: true, "disk /": true });
    expect(of("b")).toEqual({ ssh: false });
    const { fix } = findings.at(-1);
    // An operator has the key in a file of their own.
    const { address, hostKey } = fleet.lab.host("b");
    const known = join(fleet.lab.folder, "known_hosts");
    writeFileSync(known, `${address} ${hostKey}\n`);
    const strict = `ssh -o StrictHostKeyChecking=yes -o UserKnownHostsFile=${known}`;
    expect(await must("sh", ["-c", `${fix.replace("ssh -v", strict)} hostname`])).toBe("b\n");
  });
});
