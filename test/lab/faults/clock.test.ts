import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Fleet } from "../fleet.ts";
import { labMissing } from "../requirements.ts";

const missing = labMissing();

describe.skipIf(missing)(`a clock that is off by an hour${missing ? ` (${missing})` : ""}`, () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start("a");
    await host().must("apt-get update -qq && apt-get install -qq -y libfaketime", {
      env: { DEBIAN_FRONTEND: "noninteractive" },
    });
  });
  afterAll(() => fleet?.lab.stop());

  const host = () => fleet.lab.host("a");
  /**
   * Whatever the operator's commands and systemd start on the host from now on sees another time. sshd itself does
   * not: its sandbox kills what reads the time in a way that it does not know.
   */
  async function off(by: string): Promise<void> {
    const [library] = (await host().must("dpkg -L libfaketime | grep '/libfaketime.so.1$'")).split("\n");
    const variables = `LD_PRELOAD=${library} FAKETIME=${by} FAKETIME_DONT_FAKE_MONOTONIC=1`;
    await host().must(
      [
        "mkdir -p /etc/systemd/system/ssh.service.d",
        "printf '[Service]\\nUnsetEnvironment=LD_PRELOAD\\n' >/etc/systemd/system/ssh.service.d/clock.conf",
        `echo 'SetEnv ${variables}' >/etc/ssh/sshd_config.d/clock.conf`,
        "systemctl daemon-reload",
        `systemctl set-environment ${variables}`,
        "systemctl reload ssh.service",
      ].join(" && "),
    );
    const seconds = async (command: string) => Number(await host().must(command)) - Date.now() / 1000;
    const wanted = Number.parseInt(by, 10) * 3600;
    const seen = await seconds("systemd-run --quiet --wait --pipe date +%s");
    expect(Math.abs(seen - wanted)).toBeLessThan(60);
  }

  test.for(["+1h", "-1h"])("by %s: changes are made, proven and put back in their time", async (by) => {
    await off(by);
    const page = `at ${by}`;
    const first = await fleet.applied(fleet.output({ a: { page, slow: 1, ports: [22, 2222] } }));
    expect([first.code, first.stderr, fleet.pages()]).toEqual([0, "", [page]]);
    // sshd changed: the guard's timer was armed, and a new connection confirmed it.
    const second = await fleet.applied(fleet.output({ a: { page, ports: [22] } }));
    expect([second.code, second.stderr]).toEqual([0, ""]);
    expect(second.stdout).toMatch(/a +confirmed/);
    const begun = Date.now();
    const refused = await fleet.applied(fleet.output({ a: { page: "refused", probe: "false" } }));
    expect([refused.code, fleet.pages()]).toEqual([1, [page]]);
    // Its probe has one second.
    expect(Date.now() - begun).toBeLessThan(30_000);
  });

  test("a run without a sign of life is taken for gone after its beats, not at once and not in an hour", async () => {
    const [before] = fleet.pages();
    const lost = fleet.apply(fleet.output({ a: { page: "lost", slow: 5 } }));
    await fleet.starting("a");
    await off("+1h");
    lost.kill("SIGSTOP");
    await fleet.free();
    expect(fleet.pages()).toEqual([before]);
    lost.kill("SIGCONT");
    expect((await lost.ended).code).toBe(1);
  });

  test("status and doctor say so, with what mends it", async () => {
    await off("+1h");
    const output = fleet.output({ a: { page: "told" } });
    const status = await fleet.ask(output, "status", "--json");
    const [{ clock }] = JSON.parse(status.stdout).hosts;
    expect(Math.round(clock.seconds / 60)).toBe(60);
    const doctor = await fleet.ask(output, "doctor");
    expect(doctor.code).not.toBe(0);
    expect(doctor.stdout).toMatch(/clock +FAILS +(3600|3599|3601)\.\d s/);
    expect(doctor.stdout).toContain("timedatectl set-ntp true");
  });
});
