import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Cli } from "./cli.ts";
import { Fleet, last } from "./fleet.ts";
import { withArgument } from "./processes.ts";
import { deployMissing, labMissing } from "./requirements.ts";
import { eventually } from "./run.ts";

const missing = labMissing();
const noDeploy = deployMissing();

describe.skipIf(missing)(
  `a run that is told to end while hosts change${missing ? ` (${missing})` : ""}`,
  () => {
    let fleet: Fleet;

    beforeAll(async () => {
      fleet = await Fleet.start("a", "b");
    });
    afterAll(async () => {
      await fleet?.lab.stop();
    });

    /** Two waves; the first takes its time. */
    const two = (page: string, slow: number) => ({ a: { page, slow, check: 1 }, b: { page } });

    test.for([
      ["SIGINT", 130],
      ["SIGTERM", 143],
      ["SIGHUP", 129],
      ["EPIPE", 1],
    ] as const)("by %s it finishes the step, proves it and begins no other host", async ([how, code]) => {
      const [, before] = fleet.pages();
      const out = fleet.output(two(how, 3));
      const run = fleet.apply(out);
      await fleet.starting("a");
      if (how === "EPIPE") for (const stream of [run.child.stdout, run.child.stderr]) stream?.destroy();
      else run.kill(how);
      const ended = await run.ended;
      expect([ended.code, fleet.pages(), await fleet.held()]).toEqual([code, [how, before], []]);
      expect(fleet.log(out)).toMatch(/ (arrived|any more); done: a; not begun: b\n/);
      expect(last(fleet.log(out))).toMatch(/^0 same, 1 changed, 0 failed, 1 not begun, in \d+ s$/);
      if (how !== "EPIPE") expect(last(ended.stdout)).toBe(last(fleet.log(out)));
      const rest = await fleet.applied(out, "--only-failed");
      expect([rest.code, rest.stderr, fleet.pages()]).toEqual([0, "", [how, how]]);
      expect(last(rest.stdout)).toMatch(/^0 same, 1 changed, 0 failed, in/);
    });

    test("by a parent that is gone it does the same", async () => {
      const [, before] = fleet.pages();
      const out = fleet.output(two("orphan", 3));
      const shell = new Cli(
        [
          "sh",
          "-c",
          'node "$@" >/dev/null 2>&1 || exit $?',
          "sh",
          ...[fleet.cli, "apply", "--stack", "fleet", "--output", out],
        ],
        fleet.env,
      );
      await fleet.starting("a");
      shell.kill("SIGKILL");
      await shell.ended;
      expect(withArgument(out)).toHaveLength(1);
      await eventually(20_000, async () => expect(withArgument(out)).toEqual([]));
      expect([fleet.pages(), await fleet.held()]).toEqual([["orphan", before], []]);
      expect(fleet.log(out)).toContain("the process that started it is gone; done: a; not begun: b");
    });

    const title = `by a Terraform that is interrupted it does the same${noDeploy ? ` (${noDeploy})` : ""}`;
    test.skipIf(noDeploy)(title, async () => {
      const [, before] = fleet.pages();
      const out = fleet.output(two("terraform", 3));
      const ready = await fleet.terraform(out, "init").ended;
      expect(ready.code, ready.stdout + ready.stderr).toBe(0);
      const run = fleet.terraform(out, "apply", "-auto-approve");
      await fleet.starting("a");
      run.kill("SIGINT");
      expect((await run.ended).code).toBe(1);
      expect(run.stdout).toContain("Terraform alone runs this: `soundstage deploy` has brakes");
      await eventually(20_000, async () => expect(fleet.log(out)).toMatch(/ in \d+ s\n$/));
      expect([fleet.pages(), await fleet.held()]).toEqual([["terraform", before], []]);
      expect(fleet.log(out)).toMatch(/ (is gone|any more); done: a; not begun: b\n/);
    });

    test("by a second SIGINT it ends at once; the host finishes alone, and the next run completes", async () => {
      const [one, other] = fleet.pages();
      const out = fleet.output(two("twice", 6));
      const run = fleet.apply(out);
      await fleet.starting("a");
      run.kill("SIGINT");
      // One key may come twice, through npm: that is still the first.
      await eventually(5000, async () => expect(run.stderr).toContain("a second SIGINT ends it at once"));
      run.kill("SIGINT");
      await new Promise((done) => setTimeout(done, 700));
      expect(run.child.exitCode).toBeNull();
      run.kill("SIGINT");
      const ended = await run.ended;
      expect(ended.code).toBe(130);
      await fleet.starting("a");
      expect(ended.stdout).toContain("finished or put back by the host itself: a; not begun: b");
      await fleet.settled("a");
      expect([one, "twice"]).toContain(fleet.pages()[0]);
      expect(fleet.pages()[1]).toBe(other);
      await fleet.free();
      const rest = await fleet.applied(out, "--only-failed");
      expect([rest.code, rest.stderr, fleet.pages()]).toEqual([0, "", ["twice", "twice"]]);
    });

    test("before anything changed it leaves all as they were", async () => {
      const before = fleet.pages();
      const run = fleet.apply(fleet.output(two("early", 0)));
      await eventually(10_000, async () => expect(await fleet.held()).toContain("a"));
      run.kill("SIGTERM");
      const ended = await run.ended;
      expect([ended.code, fleet.pages(), await fleet.held()]).toEqual([143, before, []]);
      expect(ended.stdout).toContain("SIGTERM arrived; not begun: a, b");
    });

    test.for(["prepares", "changes"] as const)(
      "by a SIGKILL while it %s every host is wholly old or new, and the next run completes",
      async (when) => {
        const [one, other] = fleet.pages();
        const out = fleet.output(two(when, 2));
        const run = fleet.apply(out);
        await eventually(20_000, async () => {
          if (when === "prepares") expect(await fleet.held()).toContain("a");
          else expect(fleet.pages()[0]).toBe(when);
        });
        run.kill("SIGKILL");
        expect((await run.ended).signal).toBe("SIGKILL");
        await fleet.settled("a");
        expect(when === "prepares" ? [one] : [one, when]).toContain(fleet.pages()[0]);
        expect(fleet.pages()[1]).toBe(other);
        await fleet.free();
        const rest = await fleet.applied(out, "--only-failed");
        expect([rest.code, rest.stderr, fleet.pages()]).toEqual([0, "", [when, when]]);
      },
    );
  },
);
