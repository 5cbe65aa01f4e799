import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Cli, type Ended } from "./cli.ts";
import { Fleet } from "./fleet.ts";
import { labMissing } from "./requirements.ts";
import { must } from "./run.ts";

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
});
