import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Fleet } from "../fleet.ts";
import { connects } from "../proxy.ts";
import { labMissing } from "../requirements.ts";
import { eventually } from "../run.ts";

const missing = labMissing();
const PORTS = "/etc/ssh/sshd_config.d/60-soundstage.conf";

describe.skipIf(missing)(`a change that could lock out${missing ? ` (${missing})` : ""}`, () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start("a");
    expect((await fleet.applied(fleet.output({ a: { page: "open" } }))).code).toBe(0);
  });
  afterAll(() => fleet?.lab.stop());

  const host = () => fleet.lab.host("a");
  const timer = async () => (await host().exec("systemctl is-active soundstage-guard.timer")).stdout.trim();

  test("of sshd that lets nobody in is put back", async () => {
    const run = await fleet.applied(fleet.output({ a: { page: "shut", sshd: "DenyUsers root\n" } }));
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(
      /a +FAILED +no new connection can be made with what changed, so it is put back/,
    );
    expect([fleet.pages(), await timer()]).toEqual([["open"], "inactive"]);
    expect((await host().exec(`cat ${PORTS}`)).code).not.toBe(0);
    expect((await fleet.applied(fleet.output({ a: { page: "open" } }))).stdout).toContain("1 same");
  });

  test("is put back by the host's own timer where nobody is left to do it", async () => {
    const run = fleet.apply(fleet.output({ a: { page: "alone", sshd: "DenyUsers root\n", slow: 2 } }));
    await fleet.starting("a");
    expect(await timer()).toBe("active");
    // Whoever holds the host dies with the run: only the timer is left.
    await host().must("kill -STOP $(cut -f1 /run/soundstage-var-lib-soundstage.lock)");
    run.kill("SIGKILL");
    await run.ended;
    await eventually(90_000, async () => expect(fleet.pages()).toEqual(["open"]));
    await host().must("kill -CONT $(cut -f1 /run/soundstage-var-lib-soundstage.lock)");
    await fleet.free();
    expect(await host().must("sh /var/lib/soundstage/script audit")).toContain(
      "\tguard\tno new connection within 60 s\n",
    );
  });

  test("of sshd's port succeeds, from the old over both to the new", async () => {
    const moving = await fleet.applied(fleet.output({ a: { page: "both", ports: [2222, 22] } }));
    expect([moving.code, moving.stderr, fleet.pages()]).toEqual([0, "", ["both"]]);
    expect(moving.stdout).toMatch(/a +confirmed +a new connection was made/);
    const moved = await fleet.applied(fleet.output({ a: { page: "moved", ports: [2222] } }));
    expect([moved.code, moved.stderr, fleet.pages()]).toEqual([0, "", ["moved"]]);
    await expect(connects(host().address, 22)).rejects.toThrow();
    const back = await fleet.applied(fleet.output({ a: { page: "back", ports: [22, 2222] } }));
    expect([back.code, fleet.pages()]).toEqual([0, ["back"]]);
    const home = await fleet.applied(fleet.output({ a: { page: "home", ports: [22] } }));
    expect([home.code, home.stderr, fleet.pages()]).toEqual([0, "", ["home"]]);
    expect(await host().must("systemctl is-active ssh")).toBe("active\n");
    await expect(connects(host().address, 2222)).rejects.toThrow();
  });
});
