import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleCli } from "../../bin/bundle-cli.ts";
import type { ChangeOrder } from "../../bundle/manifest.ts";
import { Converge } from "../../constructs/host/converge.ts";
import { Host } from "../../constructs/host/host.ts";
import { synthOutput } from "../constructs/synth.ts";
import { Cli, type Ended } from "./cli.ts";
import { Lab } from "./lab.ts";
import { withArgument } from "./processes.ts";
import { deployMissing, labMissing } from "./requirements.ts";
import { eventually, must } from "./run.ts";

const missing = labMissing();
const HOSTS = ["a", "b", "c", "d"] as const;
type Name = (typeof HOSTS)[number];

interface Want {
  readonly page: string;
  /** Seconds that its unit takes to start. */
  readonly slow?: number;
  /** Seconds that the check of its page takes. */
  readonly check?: number;
  readonly probe?: string;
  readonly order?: readonly ChangeOrder[];
  /** A cluster action of this name, which leaves it in /srv/cluster. */
  readonly action?: string;
}

describe.skipIf(missing)(`a fleet${missing ? ` (${missing})` : ""}`, () => {
  let lab: Lab;
  let cli: string;

  beforeAll(async () => {
    lab = await Lab.start({ hosts: HOSTS.map((name) => ({ name })) });
    cli = join(lab.folder, "cli", "soundstage.mjs");
    await bundleCli(cli);
  });
  afterAll(async () => {
    await lab?.stop();
  });

  /** A stack of the hosts that are wanted; each with a page and a unit that starts anew where the page is another. */
  function output(wants: Partial<Record<Name, Want>>, stack = "fleet"): string {
    return synthOutput((scope) => {
      const hosts = Object.entries(wants).map(([name, want]) => {
        const { address, hostKey } = lab.host(name);
        const ssh = { address, ports: [22], user: "root", hostKey, identity: "id_ed25519" };
        const host = new Host(scope, name, { transport: { ssh }, cpus: 1, memory: 512, kernel: "shared" });
        host.file(scope, "/srv/page", { content: `${want.page}\n` });
        host.file(scope, "/etc/systemd/system/page.service", {
          content: `[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep ${want.slow ?? 0}\n[Install]\nWantedBy=multi-user.target\n`,
        });
        host.unit(scope, "page.service", { restart: ["/srv/page", "/etc/systemd/system/page.service"] });
        if (want.check) host.check(scope, "page", { command: `sleep ${want.check}`, paths: ["/srv/page"] });
        host.probe(scope, "page", { command: want.probe ?? "test -s /srv/page", seconds: 1 });
        for (const order of want.order ?? []) host.order(scope, order);
        if (want.action) {
          host.action(scope, want.action, {
            when: "after",
            scope: "cluster",
            check: `grep -qx ${want.action} /srv/cluster || exit 1`,
            apply: `echo ${want.action} >> /srv/cluster`,
          });
        }
        return host;
      });
      new Converge(scope, "converge", { stack, hosts });
    }, stack);
  }

  const all = (want: Want): Record<Name, Want> => ({ a: want, b: want, c: want, d: want });
  const env = () => ({ SOUNDSTAGE_PLATFORM: join(lab.folder, "platform.yaml") });

  const apply = (out: string, ...args: string[]) =>
    new Cli([process.execPath, cli, "apply", "--stack", "fleet", "--output", out, ...args], env());
  const applied = (out: string, ...args: string[]): Promise<Ended> => apply(out, ...args).ended;

  /** What hosts say, in the order in which they say it, as `host step`. */
  const steps = (stdout: string, ...wanted: string[]) =>
    stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => line.split(/\s+/).slice(0, 2).join(" "))
      .filter((line) => wanted.length === 0 || wanted.includes(line.split(" ")[1] ?? ""));
  const last = (text: string) => text.trim().split("\n").at(-1);
  const pages = () =>
    HOSTS.map((name) => {
      const file = join(lab.host(name).root, "srv/page");
      return existsSync(file) ? readFileSync(file, "utf8").trim() : "none";
    }).join(" ");
  /** Hosts that a run still holds. */
  const held = () => HOSTS.filter((name) => existsSync(join(lab.host(name).root, "var/lib/soundstage/lock")));
  const unlock = async () => {
    for (const name of held()) await lab.host(name).must("sh /var/lib/soundstage/bin/*.sh unlock");
  };
  const starting = (name: Name) =>
    eventually(20_000, async () => {
      const { stdout } = await lab.host(name).exec("systemctl is-active page.service");
      if (stdout !== "activating\n") throw new Error(`page.service of ${name} is ${stdout}`);
    });

  test("hosts without an order change in waves, each proven before the next, and the counts come last", async () => {
    const first = await applied(output(all({ page: "one" })));
    expect([first.code, first.stderr]).toEqual([0, ""]);
    // Four hosts: the first, a quarter of them, the rest.
    expect(steps(first.stdout, "probe", "units", "generation").slice(0, 6)).toEqual([
      "a units",
      "a probe",
      "a generation",
      "b units",
      "b probe",
      "b generation",
    ]);
    expect(last(first.stdout)).toMatch(/^0 same, 4 changed, 0 failed, in \d+ s$/);
    const again = await applied(output(all({ page: "one" })));
    expect([again.code, steps(again.stdout).slice(0, 4).sort()]).toEqual([
      0,
      ["a same", "b same", "c same", "d same"],
    ]);
    expect(last(again.stdout)).toMatch(/^4 same, 0 changed, 0 failed, in \d+ s$/);
  });

  test("a wave that does not prove itself is put back at once and ends the run; --only-failed takes it up", async () => {
    const failed = await applied(output({ ...all({ page: "two" }), a: { page: "two", probe: "false" } }));
    expect(failed.code).toBe(1);
    expect(pages()).toBe("one one one one");
    expect(steps(failed.stdout, "stopped")).toEqual(["b stopped", "c stopped", "d stopped"]);
    expect(failed.stdout).toContain("another host failed before it; nothing was changed here");
    expect(last(failed.stdout)).toMatch(/^0 same, 0 changed, 1 failed, 3 not begun, in \d+ s$/);
    expect(held()).toEqual([]);

    const one = await applied(output(all({ page: "two" })), "a", "b", "c");
    expect([one.code, pages()]).toEqual([0, "two two two one"]);
  });

  test("a budget lets the next waves go on; the record of the last run is what --only-failed takes up", async () => {
    const out = output({ ...all({ page: "three" }), b: { page: "three", probe: "test -e /srv/ready" } });
    expect((await applied(out, "--only-failed")).stderr).toContain("holds no record of a run of fleet");
    const failed = await applied(out, "--max-fail", "25%");
    expect([failed.code, pages()]).toEqual([1, "three two three three"]);
    expect(last(failed.stdout)).toMatch(/^0 same, 3 changed, 1 failed, in \d+ s$/);
    // The same output, where what failed was the host's own fault.
    await lab.host("b").must("touch /srv/ready");
    const rest = await applied(out, "--only-failed");
    expect([rest.code, rest.stderr, pages()]).toEqual([0, "", "three three three three"]);
    expect(new Set(steps(rest.stdout).map((line) => line[0]))).toEqual(new Set(["b", "0"]));
    expect((await applied(out, "--only-failed")).stdout).toMatch(/^0 same, 0 changed, 0 failed, in 0 s\n$/);
  });

  test("a host that can not be reached ends the run before anything changes, or is skipped and recorded", async () => {
    const order = [{ group: "pair", mode: "one-by-one" as const }];
    const out = output({ ...all({ page: "four" }), c: { page: "four", order }, d: { page: "four", order } });
    await lab.host("d").cut();
    // Or packets go on to where it was.
    await must("ip", ["neigh", "flush", "to", lab.host("d").address]);
    const stopped = await applied(out);
    expect([stopped.code, pages()]).toEqual([1, "three three three three"]);
    expect(steps(stopped.stdout, "stopped")).toEqual(["a stopped", "b stopped", "c stopped"]);
    const skipped = await applied(out, "--skip-unreachable");
    expect([skipped.code, pages()]).toEqual([1, "four four three three"]);
    expect(skipped.stdout).toMatch(/d +unreachable +root@.* can not be reached/);
    // One of the pair may be out at a time, and one is.
    expect(skipped.stdout).toMatch(/c +stopped +d of its group can not be reached; nothing was changed here/);
    expect(last(skipped.stdout)).toMatch(
      /^0 same, 2 changed, 0 failed, 1 unreachable, 1 not begun, in \d+ s$/,
    );
    await lab.host("d").heal();
    const rest = await applied(out, "--only-failed");
    expect([rest.code, pages()]).toEqual([0, "four four four four"]);
    expect(last(rest.stdout)).toMatch(/^0 same, 2 changed, 0 failed, in \d+ s$/);
  });

  test("a host that boots is waited for", async () => {
    await lab
      .host("a")
      .must(
        "systemctl stop ssh.socket ssh.service; systemd-run --quiet --on-active=2 --timer-property=AccuracySec=100ms systemctl start ssh.service",
      );
    const { code, stdout } = await applied(output({ a: { page: "four" } }));
    expect([code, steps(stdout)[0]]).toEqual([0, "a same"]);
  });

  test("several stacks go one after the other in one process, and one that fails is the last", async () => {
    const out = output({ a: { page: "five" }, b: { page: "five" } });
    const other = output({ c: { page: "five" }, d: { page: "five" } }, "other");
    cpSync(join(other, "stacks", "other"), join(out, "stacks", "other"), { recursive: true });
    const both = await applied(out, "--stack", "other", "a", "c", "d", "--json");
    expect([both.code, both.stderr, pages()]).toEqual([0, "", "five four five five"]);
    const events = both.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(
      events.filter(({ step }) => step === "generation").map(({ stack, host }) => `${stack} ${host}`),
    ).toEqual(["fleet a", "other c", "other d"]);
    expect(events.at(-1)).toMatchObject({
      event: "summary",
      same: 0,
      changed: 3,
      failed: 0,
      notBegun: 0,
      hosts: { a: "changed", c: "changed", d: "changed" },
    });
    expect(readFileSync(join(out, "logs", "other.log"), "utf8")).not.toContain('"host":"a"');

    const broken = output({ a: { page: "six", probe: "false" } });
    cpSync(join(other, "stacks", "other"), join(broken, "stacks", "other"), { recursive: true });
    const failed = await applied(broken, "--stack", "other", "--json");
    expect(failed.code).toBe(1);
    expect(JSON.parse(last(failed.stdout) as string)).toMatchObject({
      hosts: { a: "failed", c: "not begun", d: "not begun" },
    });
  });

  test("a member of two clusters hands over what it leads of both before anything of it restarts", async () => {
    const order = ["db", "queue"].map((group) => ({
      group,
      mode: "one-by-one" as const,
      leads: `test -e /srv/leads-${group}`,
      handover: `rm /srv/leads-${group}; cat /srv/page >> /srv/handed`,
      gate: `echo ${group} >> /srv/gates`,
    }));
    for (const group of ["db", "queue"]) await lab.host("a").must(`touch /srv/leads-${group}`);
    const first = await applied(output({ a: { page: "seven", order }, b: { page: "seven", order } }));
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(steps(first.stdout, "handover", "files", "generation")).toEqual([
      "b files",
      "b generation",
      "a handover",
      "a handover",
      "a files",
      "a generation",
    ]);
    // Both while the old page was still there.
    expect(await lab.host("a").must("cat /srv/handed")).toBe("five\nfive\n");
    expect(await lab.host("b").must("sort /srv/gates")).toBe("db\nqueue\n");
  });

  test("an action of a cluster waits for all of its members and runs before they are proven", async () => {
    const order = [{ group: "db", mode: "one-by-one" as const }];
    const member = (page: string, probe?: string): Want => ({
      page,
      order,
      action: page,
      ...(probe && { probe }),
    });
    // The next wave's host shows that it does not wait for the end.
    const rest: Want = { page: "eight", order: [{ group: "relay", mode: "first-then-rest" }] };
    const first = await applied(
      output({ a: member("eight", "grep -qx eight /srv/cluster"), b: member("eight"), c: rest }),
    );
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(steps(first.stdout, "units", "action", "generation").slice(0, 3)).toEqual([
      "a units",
      "b units",
      "a action",
    ]);
    expect(steps(first.stdout, "action", "generation").at(-1)).toBe("c generation");
    expect(await lab.host("b").exec("cat /srv/cluster")).toMatchObject({ stdout: "" });

    const failed = await applied(output({ a: member("nine"), b: member("nine", "false") }));
    expect(failed.code).toBe(1);
    // All were up when it was time, so it has run, and the one that did not prove itself went back alone.
    expect(steps(failed.stdout, "action", "generation")).toEqual(["a action", "a generation"]);

    const late = output({ a: { ...member("ten"), order }, b: { ...member("ten"), slow: 1, order } });
    await lab.host("b").must("mount --bind /srv/page /srv/page");
    const postponed = await applied(late);
    expect([postponed.code, steps(postponed.stdout, "action", "postponed", "generation")]).toEqual([
      1,
      ["a postponed", "a generation"],
    ]);
    await lab.host("b").must("umount /srv/page");
    const mended = await applied(late);
    expect([mended.code, steps(mended.stdout, "same", "action", "generation")]).toEqual([
      0,
      ["a same", "b action", "b generation"],
    ]);
  });

  describe("told to end", () => {
    /** Two waves; the first takes its time. */
    const two = (page: string, slow: number): Partial<Record<Name, Want>> => ({
      a: { page, slow, check: 1 },
      b: { page },
    });
    const ofTwo = () => pages().split(" ").slice(0, 2);
    const log = (out: string) => readFileSync(join(out, "logs", "fleet.log"), "utf8");

    test.for([
      ["SIGINT", 130],
      ["SIGTERM", 143],
      ["SIGHUP", 129],
      ["EPIPE", 1],
    ] as const)("by %s it finishes the step, proves it and begins no other host", async ([how, code]) => {
      const [, before] = ofTwo();
      const out = output(two(how, 3));
      const run = apply(out);
      await starting("a");
      if (how === "EPIPE") for (const stream of [run.child.stdout, run.child.stderr]) stream?.destroy();
      else run.kill(how);
      const ended = await run.ended;
      expect([ended.code, ofTwo(), held()]).toEqual([code, [how, before], []]);
      expect(log(out)).toMatch(/ (arrived|any more); done: a; not begun: b\n/);
      expect(last(log(out))).toMatch(/^0 same, 1 changed, 0 failed, 1 not begun, in \d+ s$/);
      if (how !== "EPIPE") expect(last(ended.stdout)).toBe(last(log(out)));
      const rest = await applied(out, "--only-failed");
      expect([rest.code, ofTwo(), last(rest.stdout)]).toEqual([
        0,
        [how, how],
        expect.stringMatching(/^0 same, 1 changed, 0 failed, in/),
      ]);
    });

    test("by a parent that is gone it does the same", async () => {
      const [, before] = ofTwo();
      const out = output(two("orphan", 3));
      const shell = new Cli(
        [
          "sh",
          "-c",
          'node "$@" >/dev/null 2>&1 || exit $?',
          "sh",
          ...[cli, "apply", "--stack", "fleet", "--output", out],
        ],
        env(),
      );
      await starting("a");
      shell.kill("SIGKILL");
      await shell.ended;
      expect(withArgument(out)).toHaveLength(1);
      await eventually(20_000, async () => expect(withArgument(out)).toEqual([]));
      expect([ofTwo(), held()]).toEqual([["orphan", before], []]);
      expect(log(out)).toContain("the process that started it is gone; done: a; not begun: b");
    });

    test.skipIf(deployMissing())("by a Terraform that is interrupted it does the same", async () => {
      const [, before] = ofTwo();
      const out = output(two("terraform", 3));
      mkdirSync(join(out, "bin"));
      copyFileSync(cli, join(out, "bin", "soundstage.mjs"));
      const folder = `-chdir=${join(out, "stacks", "fleet")}`;
      const terraform = (...args: [string, ...string[]]) =>
        new Cli(["terraform", folder, ...args, "-input=false", "-no-color"], {
          ...env(),
          CHECKPOINT_DISABLE: "1",
        });
      const ready = await terraform("init").ended;
      expect(ready.code, ready.stdout + ready.stderr).toBe(0);
      const run = terraform("apply", "-auto-approve");
      await starting("a");
      run.kill("SIGINT");
      expect((await run.ended).code).toBe(1);
      await eventually(20_000, async () => expect(log(out)).toMatch(/ in \d+ s\n$/));
      expect([ofTwo(), held()]).toEqual([["terraform", before], []]);
      expect(log(out)).toMatch(/ (is gone|any more); done: a; not begun: b\n/);
    });

    test("by a second SIGINT it ends at once; the host finishes alone, and the next run completes", async () => {
      const [one, other] = ofTwo();
      const out = output(two("twice", 4));
      const run = apply(out);
      await starting("a");
      run.kill("SIGINT");
      // One key may come twice, through npm: that is still the first.
      await eventually(5000, async () => expect(run.stderr).toContain("a second SIGINT ends it at once"));
      run.kill("SIGINT");
      await new Promise((done) => setTimeout(done, 700));
      expect(run.child.exitCode).toBeNull();
      const began = performance.now();
      run.kill("SIGINT");
      const ended = await run.ended;
      expect([ended.code, performance.now() - began < 1000]).toEqual([130, true]);
      expect(ended.stdout).toContain("finished or put back by the host itself: a; not begun: b");
      await itsOwn("a");
      expect([one, "twice"]).toContain(ofTwo()[0]);
      expect(ofTwo()[1]).toBe(other);
      await unlock();
      const rest = await applied(out, "--only-failed");
      expect([rest.code, ofTwo()]).toEqual([0, ["twice", "twice"]]);
    });

    test("before anything changed it leaves all as they were", async () => {
      const before = ofTwo();
      const run = apply(output(two("early", 0)));
      await eventually(10_000, async () => expect(held()).toContain("a"));
      run.kill("SIGTERM");
      const ended = await run.ended;
      expect([ended.code, ofTwo(), held()]).toEqual([143, before, []]);
      expect(ended.stdout).toContain("SIGTERM arrived; not begun: a, b");
    });

    test.for(["prepares", "changes"] as const)(
      "by a SIGKILL while it %s every host is wholly old or new, and the next run completes",
      async (when) => {
        const [one, other] = ofTwo();
        const out = output(two(when, 2));
        const run = apply(out);
        await eventually(20_000, async () =>
          when === "prepares" ? expect(held()).toContain("a") : expect(ofTwo()[0]).toBe(when),
        );
        run.kill("SIGKILL");
        expect((await run.ended).signal).toBe("SIGKILL");
        await itsOwn("a");
        expect(when === "prepares" ? [one] : [one, when]).toContain(ofTwo()[0]);
        expect(ofTwo()[1]).toBe(other);
        await unlock();
        const rest = await applied(out, "--only-failed");
        expect([rest.code, ofTwo()]).toEqual([0, [when, when]]);
      },
    );

    /** The host's own unit of an apply has ended. */
    const itsOwn = (name: Name) =>
      eventually(15_000, async () =>
        expect((await lab.host(name).exec("systemctl is-active soundstage-apply.service")).stdout).toBe(
          "inactive\n",
        ),
      );
  });
});
