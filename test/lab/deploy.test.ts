import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Observed } from "../../bundle/observed.ts";
import { Cli, type Ended } from "./cli.ts";
import { Fleet, type Wants } from "./fleet.ts";
import { withArgument, workingIn } from "./processes.ts";
import { deployMissing, deployTool } from "./requirements.ts";
import { eventually } from "./run.ts";

const missing = deployMissing();

describe.skipIf(missing)(`a deploy with a saved plan${missing ? ` (${missing})` : ""}`, () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.start("a", "b");
  });
  afterAll(async () => {
    await fleet?.lab.stop();
  });

  /** With the CLI in it, as people have it. */
  function output(wants: Wants): string {
    const out = fleet.output(wants, "fleet", stateFile());
    cpSync(dirname(fleet.cli), join(out, "bin"), { recursive: true });
    return out;
  }
  const start = (verb: string, out: string, ...args: string[]) =>
    new Cli([process.execPath, fleet.cli, verb, "--output", out, ...args], {
      ...fleet.env,
      TERRAFORM_BINARY_NAME: deployTool() ?? "",
    });
  const deploy = (out: string, ...args: string[]) =>
    start("deploy", out, "--skip-synth", "--yes", ...args).ended;
  const observe = (out: string): Promise<Ended> => start("observe", out).ended;
  const both = (page: string, slow = 0) => ({
    a: { page, slow, ...(slow > 0 && { check: 1 }) },
    b: { page },
  });
  const stateFile = () => join(fleet.lab.folder, "terraform.fleet.tfstate");
  const state = () => (existsSync(stateFile()) ? readFileSync(stateFile(), "utf8") : "none");
  const file = () => join(fleet.lab.folder, ".soundstage", "observed", "fleet.json");
  const observed = () => JSON.parse(readFileSync(file(), "utf8")) as Observed;

  test("shows Terraform's part and the hosts' part, and applies that plan; a second has nothing to do", async () => {
    const out = output(both("one"));
    const dry = await start("deploy", out, "--skip-synth", "--dry-run").ended;
    expect([dry.code, fleet.pages(), state()], dry.stderr).toEqual([2, ["none", "none"], "none"]);
    const first = await deploy(out);
    expect([first.code, fleet.pages()], first.stdout + first.stderr).toEqual([0, ["one", "one"]]);
    expect(first.stdout).toContain(
      "Terraform: 3 to create\n    + terraform_data.a\n    + terraform_data.b\n    + terraform_data.converge\n",
    );
    expect(first.stdout).toMatch(/\na {2}nothing of ours → bundle \w+\n/);
    expect(first.stdout).toContain("  ~ unit page.service: start\n");
    expect(first.stdout).toMatch(/\nwave 1: a\nwave 2: b\n2 of 2 hosts would change\n/);
    expect(first.stdout).toMatch(/\na +generation +1\n/);
    expect(first.stdout).not.toContain("Terraform alone");
    expect(first.stdout).toMatch(/\n0 same, 2 changed, 0 failed, in \d+ s\n/);
    const before = state();
    const again = await deploy(out);
    expect([again.code, state()]).toEqual([0, before]);
    expect(again.stdout).toContain(
      "Terraform: nothing to change\na  nothing to change\nb  nothing to change\n",
    );
  });

  test("says before it asks for how long resolvers may still name an edge that leaves", async () => {
    const out = output(both("two"));
    const file = join(out, "stacks", "fleet", "region.json");
    const leaving = [{ host: "a", address: "192.0.2.1", ttl: 300 }];
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), leaving }));
    const { code, stderr } = await start("deploy", out, "--skip-synth", "--dry-run").ended;
    expect([code, stderr]).toEqual([
      2,
      "a (192.0.2.1): resolvers may still answer with this for up to 300 s after zones and traffic were applied without it\n",
    ]);
  });

  test("refuses the loss of a host, and a fleet of which too many can not be asked", async () => {
    const before = state();
    const lost = await deploy(output({ a: { page: "two" } }));
    expect([lost.code, fleet.pages(), state()]).toEqual([1, ["one", "one"], before]);
    expect(lost.stderr).toMatch(/^REFUSED {2}b would be lost, and was not retired/m);
    const away = await deploy(output({ a: { page: "two" }, b: { page: "two", ports: [2222] } }));
    expect([away.code, fleet.pages(), state()]).toEqual([1, ["one", "one"], before]);
    expect(away.stderr).toMatch(/^REFUSED {2}1 of 2 hosts of fleet can not be asked \(b\), more than 30 %/m);
  });

  test.for([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)(
    "by %s in the middle the host is finished, the next is not begun, and no process is left",
    async ([name, code]) => {
      const [, other] = fleet.pages();
      const before = state();
      const out = output(both(name, 3));
      const run = start("deploy", out, "--skip-synth", "--yes");
      await fleet.starting("a");
      run.kill(name);
      const ended = await run.ended;
      expect([ended.code, fleet.pages(), await fleet.held()]).toEqual([code, [name, other], []]);
      expect([withArgument(out), workingIn(out)]).toEqual([[], []]);
      expect(ended.stderr).toMatch(/ (arrived|is gone|any more); done: a; not begun: b\n/);
      expect(ended.stdout).toMatch(new RegExp(`\\n${name} arrived; not done: fleet\\n$`));
      expect(state()).not.toBe(before);
      const rest = await deploy(out);
      expect([rest.code, fleet.pages()], rest.stderr).toEqual([0, [name, name]]);
    },
  );

  test("by a second SIGINT it ends at once; the host finishes alone, and the next deploy completes", async () => {
    const [one, other] = fleet.pages();
    const out = output(both("twice", 5));
    const run = start("deploy", out, "--skip-synth", "--yes");
    await fleet.starting("a");
    run.kill("SIGINT");
    await eventually(5000, async () =>
      expect(run.stderr).toContain("SIGINT arrived: what runs is told to end"),
    );
    // What comes sooner is still the first key.
    await new Promise((done) => setTimeout(done, 700));
    expect(run.child.exitCode).toBeNull();
    run.kill("SIGINT");
    const ended = await run.ended;
    expect([ended.code, withArgument(out), workingIn(out)]).toEqual([130, [], []]);
    await fleet.starting("a");
    expect(ended.stdout).toMatch(/\nSIGINT arrived; not done: fleet\n$/);
    await fleet.settled("a");
    expect([one, "twice"]).toContain(fleet.pages()[0]);
    expect(fleet.pages()[1]).toBe(other);
    const rest = await deploy(out);
    expect([rest.code, fleet.pages()], rest.stderr).toEqual([0, ["twice", "twice"]]);
  });

  test("by a SIGKILL while Terraform applies hosts are wholly old or new, and the next deploy completes", async () => {
    const [one, other] = fleet.pages();
    const out = output(both("killed", 3));
    const run = start("deploy", out, "--skip-synth", "--yes");
    await fleet.starting("a");
    run.kill("SIGKILL");
    expect((await run.ended).signal).toBe("SIGKILL");
    await eventually(30_000, async () => expect([withArgument(out), workingIn(out)]).toEqual([[], []]));
    await fleet.settled("a");
    expect([one, "killed"]).toContain(fleet.pages()[0]);
    expect(fleet.pages()[1]).toBe(other);
    const rest = await deploy(out);
    expect([rest.code, fleet.pages()], rest.stderr).toEqual([0, ["killed", "killed"]]);
  });

  test("observe writes what hosts have, and the plan warns of it without touching the state", async () => {
    const out = output(both("killed", 3));
    const before = state();
    const well = await observe(out);
    expect([well.code, well.stdout.split("\n").at(-2)], well.stderr).toEqual([0, `written: ${file()}`]);
    const { a } = observed().hosts;
    expect(a).toMatchObject({
      drift: [],
      units: [{ name: "page.service", wanted: "started", is: "active" }],
    });
    expect(a?.manifest).toBe(a?.recorded);

    await fleet.lab.host("a").must("echo by hand > /srv/page");
    const drifted = await observe(out);
    expect(drifted.code, drifted.stderr).toBe(2);
    expect(observed().hosts.a?.drift).toEqual([
      { what: "/srv/page", diff: expect.stringContaining("+by hand\n") },
    ]);
    const plan = await start("deploy", out, "--skip-synth", "--dry-run").ended;
    expect(plan.stdout).toContain(
      "! Somebody changed hosts: a (/srv/page). Line by line: soundstage drift --stack fleet",
    );
    expect(plan.stderr).toContain("soundstage apply --stack fleet");
    expect([plan.code, state()]).toEqual([2, before]);

    const away = await observe(output({ a: { page: "killed" }, b: { page: "killed", ports: [2222] } }));
    expect(away.code).toBe(1);
    expect(away.stderr).toMatch(/^b {2}FAILED {2}.*can not be reached/m);
    expect(Object.keys(observed().hosts)).toEqual(["a", "b"]);
    expect(observed().failures).toEqual({ b: expect.stringContaining("can not be reached") });
    rmSync(file());
  });
});
