import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Fleet, last, steps, type Want } from "./fleet.ts";
import { labMissing } from "./requirements.ts";
import { must } from "./run.ts";

const missing = labMissing();

describe.skipIf(missing)(`a fleet${missing ? ` (${missing})` : ""}`, () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.start("a", "b", "c", "d");
  });
  afterAll(async () => {
    await fleet?.lab.stop();
  });

  const all = (want: Want) => ({ a: want, b: want, c: want, d: want });

  test("hosts without an order change in waves, each proven before the next, and the counts come last", async () => {
    const first = await fleet.applied(fleet.output(all({ page: "one" })));
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
    const again = await fleet.applied(fleet.output(all({ page: "one" })));
    expect([again.code, steps(again.stdout).slice(0, 4).sort()]).toEqual([
      0,
      ["a same", "b same", "c same", "d same"],
    ]);
    expect(last(again.stdout)).toMatch(/^4 same, 0 changed, 0 failed, in \d+ s$/);
  });

  test("a wave that does not prove itself is put back at once and ends the run; --only-failed takes it up", async () => {
    const failed = await fleet.applied(
      fleet.output({ ...all({ page: "two" }), a: { page: "two", probe: "false" } }),
    );
    expect(failed.code).toBe(1);
    expect(fleet.pages().join(" ")).toBe("one one one one");
    expect(steps(failed.stdout, "stopped")).toEqual(["b stopped", "c stopped", "d stopped"]);
    expect(failed.stdout).toContain("another host failed before it; nothing was changed here");
    expect(last(failed.stdout)).toMatch(/^0 same, 0 changed, 1 failed, 3 not begun, in \d+ s$/);
    expect(await fleet.held()).toEqual([]);

    const one = await fleet.applied(fleet.output(all({ page: "two" })), "a", "b", "c");
    expect([one.code, fleet.pages().join(" ")]).toEqual([0, "two two two one"]);
  });

  test("a budget lets the next waves go on; the record of the last run is what --only-failed takes up", async () => {
    const out = fleet.output({
      ...all({ page: "three" }),
      b: { page: "three", probe: "test -e /srv/ready" },
    });
    expect((await fleet.applied(out, "--only-failed")).stderr).toContain("holds no record of a run of fleet");
    const failed = await fleet.applied(out, "--max-fail", "25%");
    expect([failed.code, fleet.pages().join(" ")]).toEqual([1, "three two three three"]);
    expect(last(failed.stdout)).toMatch(/^0 same, 3 changed, 1 failed, in \d+ s$/);
    // The same output, where what failed was the host's own fault.
    await fleet.lab.host("b").must("touch /srv/ready");
    const rest = await fleet.applied(out, "--only-failed");
    expect([rest.code, rest.stderr, fleet.pages().join(" ")]).toEqual([0, "", "three three three three"]);
    expect(new Set(steps(rest.stdout).map((line) => line[0]))).toEqual(new Set(["b", "0"]));
    expect((await fleet.applied(out, "--only-failed")).stdout).toMatch(
      /^0 same, 0 changed, 0 failed, in \d+ s\n$/,
    );
  });

  test("a host that can not be reached ends the run before anything changes, or is skipped and recorded", async () => {
    const order = [{ group: "pair", mode: "one-by-one" as const }];
    const out = fleet.output({
      ...all({ page: "four" }),
      c: { page: "four", order },
      d: { page: "four", order },
    });
    await fleet.lab.host("d").cut();
    // Or packets go on to where it was.
    await must("ip", ["neigh", "flush", "to", fleet.lab.host("d").address]);
    const stopped = await fleet.applied(out);
    expect([stopped.code, fleet.pages().join(" ")]).toEqual([1, "three three three three"]);
    expect(steps(stopped.stdout, "stopped")).toEqual(["a stopped", "b stopped", "c stopped"]);
    const skipped = await fleet.applied(out, "--skip-unreachable");
    expect([skipped.code, fleet.pages().join(" ")]).toEqual([1, "four four three three"]);
    expect(skipped.stdout).toMatch(/d +unreachable +root@.* can not be reached/);
    // One of the pair may be out at a time, and one is.
    expect(skipped.stdout).toMatch(/c +stopped +d of its group can not be reached; nothing was changed here/);
    expect(last(skipped.stdout)).toMatch(
      /^0 same, 2 changed, 0 failed, 1 unreachable, 1 not begun, in \d+ s$/,
    );
    await fleet.lab.host("d").heal();
    const rest = await fleet.applied(out, "--only-failed");
    expect([rest.code, fleet.pages().join(" ")]).toEqual([0, "four four four four"]);
    expect(last(rest.stdout)).toMatch(/^0 same, 2 changed, 0 failed, in \d+ s$/);
  });

  test("a host that boots is waited for", async () => {
    await fleet.lab
      .host("a")
      .must(
        "systemctl stop ssh.socket ssh.service; systemd-run --quiet --on-active=2 --timer-property=AccuracySec=100ms systemctl start ssh.service",
      );
    const { code, stdout } = await fleet.applied(fleet.output({ a: { page: "four" } }));
    expect([code, steps(stdout, "same")]).toEqual([0, ["a same"]]);
  });

  test("several stacks go one after the other in one process, and one that fails is the last", async () => {
    const [, before] = fleet.pages();
    const out = fleet.output({ a: { page: "five" }, b: { page: "five" } });
    const other = fleet.output({ c: { page: "five" }, d: { page: "five" } }, "other");
    cpSync(join(other, "stacks", "other"), join(out, "stacks", "other"), { recursive: true });
    const both = await fleet.applied(out, "--stack", "other", "a", "c", "d", "--json");
    expect([both.code, both.stderr, fleet.pages().join(" ")]).toEqual([0, "", `five ${before} five five`]);
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

    const broken = fleet.output({ a: { page: "six", probe: "false" } });
    cpSync(join(other, "stacks", "other"), join(broken, "stacks", "other"), { recursive: true });
    const failed = await fleet.applied(broken, "--stack", "other", "--json");
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
    const [before] = fleet.pages();
    for (const group of ["db", "queue"]) await fleet.lab.host("a").must(`touch /srv/leads-${group}`);
    // One that came to lead while the others changed: it says no when it is asked first.
    const late = { leads: "test -e /srv/asked || { touch /srv/asked; exit 1; }", handover: "true" };
    const first = await fleet.applied(
      fleet.output({
        a: { page: "seven", order },
        b: { page: "seven", order },
        c: { page: "seven", order: [{ group: "db", mode: "one-by-one", ...late }] },
      }),
    );
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(steps(first.stdout, "handover", "files", "generation")).toEqual([
      "b files",
      "b generation",
      "c handover",
      "c files",
      "c generation",
      "a handover",
      "a handover",
      "a files",
      "a generation",
    ]);
    // Both while the old page was still there.
    expect(await fleet.lab.host("a").must("cat /srv/handed")).toBe(`${before}\n${before}\n`);
    expect(await fleet.lab.host("b").must("sort /srv/gates")).toBe("db\nqueue\n");
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
    const first = await fleet.applied(
      fleet.output({ a: member("eight", "grep -qx eight /srv/cluster"), b: member("eight"), c: rest }),
    );
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(steps(first.stdout, "units", "action", "generation").slice(0, 3)).toEqual([
      "a units",
      "b units",
      "a action",
    ]);
    expect(steps(first.stdout, "action", "generation").at(-1)).toBe("c generation");
    expect(await fleet.lab.host("b").exec("cat /srv/cluster")).toMatchObject({ stdout: "" });

    const failed = await fleet.applied(fleet.output({ a: member("nine"), b: member("nine", "false") }));
    expect(failed.code).toBe(1);
    // All were up when it was time, so it has run, and the one that did not prove itself went back alone.
    expect(steps(failed.stdout, "action", "generation")).toEqual(["a action", "a generation"]);

    const late = fleet.output({ a: { ...member("ten"), order }, b: { ...member("ten"), slow: 1, order } });
    await fleet.lab.host("b").must("mount --bind /srv/page /srv/page");
    const postponed = await fleet.applied(late);
    expect([postponed.code, steps(postponed.stdout, "action", "postponed", "generation")]).toEqual([
      1,
      ["a postponed", "a generation"],
    ]);
    await fleet.lab.host("b").must("umount /srv/page");
    const mended = await fleet.applied(late);
    expect([mended.code, steps(mended.stdout, "same", "action", "generation")]).toEqual([
      0,
      ["a same", "b action", "b generation"],
    ]);
  });
});
