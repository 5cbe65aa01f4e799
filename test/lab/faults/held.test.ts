import { randomBytes } from "node:crypto";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sha256 } from "../../../bundle/hash.ts";
import { Fleet } from "../fleet.ts";
import { labMissing } from "../requirements.ts";

const missing = labMissing();

describe.skipIf(missing)(`a host that a run holds${missing ? ` (${missing})` : ""}`, () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start("a");
  });
  afterAll(() => fleet?.lab.stop());

  const host = () => fleet.lab.host("a");
  const script = "sh /var/lib/soundstage/script";

  test("a second run says who holds it, or waits for its turn", async () => {
    const first = fleet.apply(fleet.output({ a: { page: "first", slow: 6 } }));
    await fleet.starting("a");
    const hasty = await fleet.applied(fleet.output({ a: { page: "hasty" } }), "--lock-wait", "0");
    expect(hasty.code).toBe(1);
    expect(hasty.stderr).toMatch(/another run holds the host: \S+@\S+ pid \d+ since 20.*unlock/);
    const patient = await fleet.applied(fleet.output({ a: { page: "patient" } }));
    expect(patient.stdout).toMatch(/a +waits +for \S+@\S+ pid/);
    expect([(await first.ended).code, patient.code, fleet.pages()]).toEqual([0, 0, ["patient"]]);
  });

  test("a run that gives no sign of life loses it, and may not go on", async () => {
    const [before] = fleet.pages();
    const lost = fleet.apply(fleet.output({ a: { page: "lost", slow: 5 } }));
    await fleet.starting("a");
    lost.kill("SIGSTOP");
    await fleet.free();
    expect(fleet.pages()).toEqual([before]);
    const next = await fleet.applied(fleet.output({ a: { page: "next" } }));
    expect([next.code, fleet.pages()]).toEqual([0, ["next"]]);
    lost.kill("SIGCONT");
    const ended = await lost.ended;
    expect([ended.code, fleet.pages()]).toEqual([1, ["next"]]);
    expect(ended.stderr).toMatch(/a +FAILED +the host was taken from this run/);
    expect(await host().must(`${script} audit`)).toMatch(/\tabandoned\tits run is gone\n/);
  });

  test("unlock takes it from a run, once its step has ended, and puts back", async () => {
    const run = fleet.apply(fleet.output({ a: { page: "stuck", slow: 3 } }));
    await fleet.starting("a");
    expect(await host().must(`${script} unlock`)).toMatch(/^unlock\ttaken from \S+@\S+ pid/);
    expect((await run.ended).code).toBe(1);
    expect([fleet.pages(), await fleet.held()]).toEqual([["next"], []]);
  });

  test("an output that does not contain the commit of the host is refused, unless it is named", async () => {
    const commit = (letter: string) => letter.repeat(40);
    const origin = (output: string, own: string, ...ancestors: string[]) =>
      writeFileSync(
        join(output, "origin.json"),
        JSON.stringify({ commit: own, dirty: false, ancestors, complete: true }),
      );
    const newer = fleet.output({ a: { page: "newer" } });
    origin(newer, commit("b"), commit("a"));
    expect((await fleet.applied(newer)).code).toBe(0);
    const older = fleet.output({ a: { page: "older" } });
    origin(older, commit("a"));
    const refused = await fleet.applied(older);
    expect([refused.code, fleet.pages()]).toEqual([1, ["newer"]]);
    expect(refused.stderr).toContain(
      `the host has commit ${commit("b")}, which this output (${commit("a")}) does not contain`,
    );
    expect([(await fleet.applied(older, "--allow-older")).code, fleet.pages()]).toEqual([0, ["older"]]);
  });

  test("a full disk changes nothing, and says so", async () => {
    await host().must("mkdir -p /srv/full; mount -t tmpfs -o size=64k full /srv/full");
    const want = { page: "full", big: "x".repeat(200_000) };
    const run = await fleet.applied(fleet.output({ a: want }));
    expect([run.code, fleet.pages()]).toEqual([1, ["older"]]);
    expect(run.stderr).toMatch(/No space left on device/);
    expect((await host().exec("ls -A /srv/full")).stdout).toBe("");
    await host().must("umount /srv/full");
    expect([(await fleet.applied(fleet.output({ a: want }))).code, fleet.pages()]).toEqual([0, ["full"]]);
  });

  test("an upload that was cut off goes on where it was", async () => {
    const blob = join(fleet.lab.folder, "blob");
    writeFileSync(blob, randomBytes(20_000_000));
    const hash = sha256(readFileSync(blob));
    const output = fleet.output({ a: { page: "blob", blob } });
    copyFileSync(blob, join(host().root, "root", hash));
    const cut = await host().exec(`cd /root; tar -cz ${hash} | head -c 8000000 | ${script} receive`);
    expect(cut.code).not.toBe(0);
    const part = Number(await host().must(`stat -c %s /var/lib/soundstage/incoming/${hash}`));
    expect(part).toBeGreaterThan(7_000_000);
    const rest = await fleet.applied(output);
    expect([rest.code, rest.stderr, fleet.pages()]).toEqual([0, "", ["blob"]]);
    const megabytes = Number(/upload +\d+ objects?, ([\d.]+) MB/.exec(rest.stdout)?.[1]);
    expect(megabytes).toBeCloseTo((20_000_000 - part) / 1e6, -1);
    expect(await host().must("sha256sum </srv/blob")).toBe(`${hash}  -\n`);
  });
});
