// What a host tells of itself (`facts` of its script), judged against what its bundle needs.

import type { Machine } from "../output/hosts.ts";
import { Answer, type Line } from "../script/answer.ts";
import { bytes } from "../text/quantity.ts";
import { type Finding, finding } from "./finding.ts";
import { clockFault, clockOf, disksOf, isNearlyFull, type RoundTrip } from "./host-status.ts";

/** The first of Debian 12; transient units and credentials are those of it. */
const SYSTEMD = 252;

/** Ports that units of a bundle listen on. */
const PORTS: readonly (readonly [unit: RegExp, ports: readonly number[]])[] = [
  [/^nginx\.service$/, [80, 443]],
  [/^etcd\.service$/, [2379, 2380]],
  [/^patroni\.service$/, [5432, 8008]],
  [/^haproxy\.service$/, [5000, 5001]],
  [/^redis-server\.service$/, [6379]],
];
const RELAY = /^soundstage-relay@(\d+)\.service$/;

export function hostFindings(machine: Machine, lines: readonly Line[], trip: RoundTrip): Finding[] {
  const { host: where, bundle, connection } = machine;
  const answer = new Answer(lines);
  const [first = []] = answer.all("release");
  const debian = first.includes("debian") && first.includes("12");
  const systemd = Number(answer.one("systemd"));
  const clock = clockOf(answer, trip);
  return [
    { where, what: "ssh", ok: true, found: "root's commands run" },
    finding(where, "release", debian, first.join(" "), "install Debian 12: bundles are made for it"),
    finding(
      where,
      "clock",
      clockFault(clock) === 0,
      `${clock.seconds.toFixed(1)} s from this machine's`,
      "apt-get install systemd-timesyncd; timedatectl set-ntp true",
    ),
    ...disksOf(answer).map((disk) =>
      finding(
        where,
        `disk ${disk.path}`,
        !isNearlyFull(disk),
        `${bytes(disk.free)} of ${bytes(disk.size)} free`,
        `du -xh ${disk.path} | sort -h | tail`,
      ),
    ),
    finding(where, "systemd", systemd >= SYSTEMD, String(systemd), "apt-get update && apt-get full-upgrade"),
    cgroup(where, answer.one("cgroup") === "cgroup2fs", connection.kernel === "shared"),
    ...answer
      .all("module")
      .map(([name = "", has]) =>
        finding(
          where,
          `kernel ${name}`,
          has === "yes",
          has === "yes" ? "there" : "not in this kernel",
          "apt-get install linux-image-amd64 && reboot",
        ),
      ),
    ...ports(
      where,
      bundle.manifest.units.map(({ name }) => name),
      answer.all("listens"),
    ),
  ];
}

function cgroup(where: string, unified: boolean, shared: boolean): Finding {
  const what = "cgroup";
  const found = "version 1: quotas of units do not hold";
  if (shared && !unified)
    return {
      where,
      what,
      ok: true,
      note: true,
      found: `${found}; that is for the machine whose kernel it shares`,
    };
  const fix = "add systemd.unified_cgroup_hierarchy=1 to GRUB_CMDLINE_LINUX, then update-grub && reboot";
  return finding(where, what, unified, unified ? "version 2" : found, fix);
}

function ports(where: string, units: readonly string[], listens: readonly string[][]): Finding[] {
  return units.flatMap((unit) =>
    portsOf(unit).map((port) => {
      const other = listens.find(([taken, by = ""]) => Number(taken) === port && !units.includes(by))?.[1];
      return finding(
        where,
        `port ${port}`,
        other === undefined,
        other === undefined
          ? `free, or ours (${unit})`
          : `taken by ${other === "-" ? "a process of no unit" : other}, and ${unit} needs it`,
        other === "-" ? `ss -ltnp sport = :${port}` : `systemctl disable --now ${other}`,
      );
    }),
  );
}

function portsOf(unit: string): readonly number[] {
  const relay = RELAY.exec(unit)?.[1];
  return relay ? [Number(relay)] : (PORTS.find(([pattern]) => pattern.test(unit))?.[1] ?? []);
}
