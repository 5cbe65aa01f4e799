import { describe, expect, test } from "vitest";
import { doctorText } from "../../../converge/look/doctor.ts";
import { hostFindings } from "../../../converge/look/host-findings.ts";
import type { Machine } from "../../../converge/output/hosts.ts";
import type { Line } from "../../../converge/script/answer.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const units = [
  "nginx.service",
  "soundstage-relay@3000.service",
  "haproxy.service",
  "redis-server.service",
].map((name) => ({ name }));
const machine = {
  host: "eu-1",
  stack: "region-eu",
  connection: {},
  bundle: { manifest: { units } },
} as unknown as Machine;
const WELL: readonly Line[] = [
  ["clock", String(NOW / 1000)],
  ["release", "debian", "12"],
  ["systemd", "252"],
  ["cgroup", "cgroup2fs"],
  ["disk", "/", "/dev/vda1", "31400000000", "40000000000"],
  ["module", "tcp_bbr", "yes"],
  ["listens", "443", "nginx.service"],
];

/** What fails, and how it is mended. */
function failing(...other: Line[]): string[] {
  const answer = [...WELL.filter(([kind]) => !other.some(([each]) => each === kind)), ...other];
  return hostFindings(machine, answer, { began: NOW - 20, ended: NOW + 20 }).flatMap(({ what, ok, fix }) =>
    ok ? [] : [`${what}: ${fix}`],
  );
}

describe("what a host must have", () => {
  test("a host that has it fails in nothing", () => {
    expect(failing()).toEqual([]);
  });

  test.for<[Line, RegExp]>([
    [["release", "debian", "13"], /^release: install Debian 12/],
    [["release", "ubuntu", "12"], /^release: install Debian 12/],
    [["clock", String(NOW / 1000 - 3600)], /^clock: .*timedatectl set-ntp true$/],
    [["disk", "/var", "/dev/vdb1", "100000000", "8000000000"], /^disk \/var: du -xh \/var/],
    [["systemd", "247"], /^systemd: apt-get/],
    [["cgroup", "tmpfs"], /^cgroup: .*unified_cgroup_hierarchy=1/],
    [["module", "sch_fq", "no"], /^kernel sch_fq: apt-get install linux-image-amd64/],
    [["listens", "80", "apache2.service"], /^port 80: systemctl disable --now apache2\.service$/],
    [["listens", "6379", "redis.service"], /^port 6379: systemctl disable --now redis\.service$/],
    [["listens", "5001", "uwsgi.service"], /^port 5001: systemctl disable --now uwsgi\.service$/],
    [["listens", "3000", "-"], /^port 3000: ss -ltnp sport = :3000$/],
  ])("%s fails, with what mends it", ([line, expected]) => {
    expect(failing(line)).toEqual([expect.stringMatching(expected)]);
  });

  test("a port of another's that no unit of the bundle needs is nobody's business", () => {
    expect(failing(["listens", "25", "exim4.service"])).toEqual([]);
  });

  test("a container is not failed for the kernel that it shares", () => {
    const shared = { ...machine, connection: { ...machine.connection, kernel: "shared" as const } };
    const answer: readonly Line[] = [...WELL.filter(([kind]) => kind !== "cgroup"), ["cgroup", "tmpfs"]];
    const found = hostFindings(shared, answer, { began: NOW - 20, ended: NOW + 20 });
    expect(found.filter(({ ok }) => !ok)).toEqual([]);
    expect(doctorText(found, false)).toMatch(
      /^eu-1 +cgroup +note +version 1: quotas of units do not hold; /m,
    );
  });

  test("what mends it stands below what fails", () => {
    const found = [
      { where: "here", what: "git", ok: true, found: "2.39.5" },
      { where: "eu-1", what: "systemd", ok: false, found: "247", fix: "upgrade" },
    ];
    expect(doctorText(found, false)).toBe(
      "where  what            found\nhere   git      ok     2.39.5\neu-1   systemd  FAILS  247\n                       → upgrade\n\n1 of 2 fail\n",
    );
  });
});
