import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Fleet } from "../fleet.ts";
import { labMissing } from "../requirements.ts";
import { eventually } from "../run.ts";

const missing = labMissing();

describe.skipIf(missing)(`a network that fails${missing ? ` (${missing})` : ""}`, () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start("a");
    await fleet.applied(fleet.output({ a: { page: "first" } }));
  });
  afterAll(() => fleet?.lab.stop());

  const host = () => fleet.lab.host("a");
  const SIZE = 48_000_000;

  test("in the middle of an upload changes nothing; the next run sends what is missing", async () => {
    const blob = join(fleet.lab.folder, "blob");
    writeFileSync(blob, randomBytes(SIZE));
    const output = fleet.output({ a: { page: "sent", blob } });
    await host().throttle("80mbit");
    const run = fleet.apply(output);
    const arrived = async () =>
      Number((await host().exec("cat /var/lib/soundstage/incoming/* 2>/dev/null | wc -c")).stdout);
    await eventually(30_000, async () => {
      if ((await arrived()) < SIZE / 8) throw new Error("nothing is on its way");
    });
    await host().cut();
    const ended = await run.ended;
    expect([ended.code, fleet.pages()]).toEqual([1, ["first"]]);
    expect(ended.stderr).toMatch(/a +FAILED +.*(connection|answer)/i);
    await host().heal();
    await host().unthrottle();
    await fleet.free();
    const kept = await arrived();
    expect(kept).toBeGreaterThan(SIZE / 8);
    expect(kept).toBeLessThan(SIZE);
    const rest = await fleet.applied(output);
    expect([rest.code, rest.stderr, fleet.pages()]).toEqual([0, "", ["sent"]]);
    const megabytes = Number(/upload +\d+ objects?, ([\d.]+) MB/.exec(rest.stdout)?.[1]);
    expect(megabytes).toBeCloseTo((SIZE - kept) / 1e6, -1);
  });

  test("in the middle of a change leaves the host to put back what nobody proved", async () => {
    const output = fleet.output({ a: { page: "unproven", slow: 3 } });
    const run = fleet.apply(output);
    await fleet.starting("a");
    await host().cut();
    const ended = await run.ended;
    expect(ended.code).toBe(1);
    await fleet.free();
    expect(fleet.pages()).toEqual(["sent"]);
    await host().heal();
    const rest = await fleet.applied(output);
    expect([rest.code, rest.stderr, fleet.pages()]).toEqual([0, "", ["unproven"]]);
  });
});
