import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Fleet } from "../fleet.ts";
import { labMissing } from "../requirements.ts";
import { eventually } from "../run.ts";

const missing = labMissing();

describe.skipIf(missing)(`an apply that is killed${missing ? ` (${missing})` : ""}`, () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start("a");
  });
  afterAll(() => fleet?.lab.stop());

  const host = () => fleet.lab.host("a");
  const wanted = (page: string) => fleet.output({ a: { page } });
  /** The page that both files of the set are of; both where they are mixed. */
  const set = async () => {
    const both = await host().must("cat /srv/page; sed -n 's/^# of //p' /etc/systemd/system/page.service");
    return [...new Set(both.trim().split("\n"))].join(" and ");
  };

  /**
   * Programs that the host's script calls, each counting its calls within the apply and killing all of it at one.
   * PATH begins with this folder on hosts: nothing of the product knows of it.
   */
  async function killAt(call: number): Promise<void> {
    const wrapper = [
      "#!/bin/sh",
      'name=$(basename "$0")',
      "if grep -q soundstage-apply.service /proc/self/cgroup && [ ! -e /run/killed ]; then",
      "  echo $name >>/run/calls",
      `  if [ "$(wc -l </run/calls)" = ${call} ]; then : >/run/killed; systemctl kill --kill-whom=all --signal=KILL soundstage-apply.service; fi`,
      "fi",
      'PATH=/usr/sbin:/usr/bin:/sbin:/bin exec "$name" "$@"',
    ].join("\n");
    await host().must(
      `rm -f /run/calls /run/killed; cat >/usr/local/sbin/mv; chmod 755 /usr/local/sbin/mv; cd /usr/local/sbin; for name in ${CALLS}; do ln -f mv $name; done`,
      { input: `${wrapper}\n` },
    );
  }
  const CALLS = "cp sync rm ln install find";

  async function unwrap(): Promise<void> {
    await host().must(`cd /usr/local/sbin; rm -f mv ${CALLS}`);
  }

  test("at any call of its script it leaves the old set or the new one, and the next run completes", async () => {
    const first = await fleet.applied(wanted("old"));
    expect([first.code, first.stderr]).toEqual([0, ""]);
    await killAt(0);
    expect((await fleet.applied(wanted("counted"))).code).toBe(0);
    const calls = Number((await host().must("wc -l </run/calls")).trim());
    expect(calls).toBeGreaterThan(10);
    let before = "counted";
    for (let call = 1; call <= calls; call += 1) {
      const page = `killed-at-${call}`;
      await killAt(call);
      const run = await fleet.applied(wanted(page));
      await unwrap();
      const killed = (await host().exec("test -e /run/killed")).code === 0;
      await fleet.settled("a");
      await fleet.free();
      // Killed after its last word it is as if it had not been.
      const outcome = run.code === 0 ? page : before;
      expect([await set(), killed], `call ${call}: ${run.code}`).toEqual([outcome, true]);
      expect((await host().exec("ls /var/lib/soundstage/journal")).code).not.toBe(0);
      const rest = await fleet.applied(wanted(page));
      expect([rest.code, rest.stderr, await set()], `after call ${call}`).toEqual([0, "", page]);
      before = page;
    }
  });

  test("a power cut in its middle is put back before any unit of ours starts", async () => {
    const old = await set();
    const run = fleet.apply(fleet.output({ a: { page: "cut", slow: 60 } }));
    await fleet.starting("a");
    expect(await set()).toBe("cut");
    await host().kill();
    expect((await run.ended).code).toBe(1);
    await host().boot();
    expect(await set()).toBe(old);
    const order = await host().must(
      "journalctl --boot --quiet --output=cat --unit=soundstage-recover.service --unit=page.service",
    );
    expect(order.indexOf("Put back the files")).toBeLessThan(order.lastIndexOf("page.service"));
    await eventually(30_000, async () =>
      expect((await host().exec("ls /var/lib/soundstage/journal")).code).not.toBe(0),
    );
    const rest = await fleet.applied(wanted("after the cut"));
    expect([rest.code, rest.stderr, await set()]).toEqual([0, "", "after the cut"]);
  });
});
