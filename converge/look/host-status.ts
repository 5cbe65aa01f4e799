// What a host says of itself (`status` of its script), and what of it is not as it should be.
import type { Machine } from "../output/hosts.ts";
import { Answer, type Line } from "../script/answer.ts";
import { plural } from "../text/quantity.ts";

/** Where the relay's release lies on a host. */
const RELEASE = "/opt/soundstage/relay";
/** Seconds; the leases of a cluster and the times in its logs bear that much. */
const CLOCK = 1;
/** A disk with less than this share and less than these bytes free is nearly full. */
const FREE_SHARE = 0.1;
const FREE_BYTES = 2e9;

export interface UnitStatus {
  readonly name: string;
  readonly wanted: string;
  readonly is: string;
}

export interface DiskStatus {
  readonly path: string;
  readonly device: string;
  readonly free: number;
  readonly size: number;
}

export interface HostStatus {
  readonly host: string;
  readonly stack: string;
  readonly reachable: true;
  /** 0 where nothing was applied. */
  readonly generation: number;
  /** Whether it holds the output's bundle. */
  readonly bundle: "same" | "other" | "none";
  /** What became of its data, where the bundle that it holds says that it left the platform. */
  readonly retired?: string;
  /** SHA-256 of the relay's release. */
  readonly release?: string;
  readonly units: readonly UnitStatus[];
  readonly upSeconds: number;
  /** How far its clock is ahead of this machine's, as exactly as the round trip allows. */
  readonly clock: { readonly seconds: number; readonly within: number };
  readonly disks: readonly DiskStatus[];
  readonly applied?: { readonly time: string; readonly by: string; readonly origin: string };
  readonly heldBy?: string;
  readonly interrupted: boolean;
  /** Why it awaits a reboot, where it does. */
  readonly reboot?: string;
  /** When an upgrade began that was not proven since. */
  readonly unproven?: string;
  /** What is not well, each with what to do. */
  readonly faults: readonly string[];
}

export interface Unreachable {
  readonly host: string;
  readonly stack: string;
  readonly reachable: false;
  readonly faults: readonly string[];
}

export interface RoundTrip {
  /** Milliseconds since the epoch. */
  readonly began: number;
  readonly ended: number;
}

export function hostStatus(machine: Machine, lines: readonly Line[], trip: RoundTrip): HostStatus {
  const answer = new Answer(lines);
  const [meta] = answer.all("applied");
  const manifest = answer.one("manifest");
  const release = answer.all("archive").find(([, path]) => path === RELEASE)?.[0];
  const heldBy = answer.one("held");
  const reboot = answer.one("reboot");
  const unproven = answer.one("unproven");
  const retired = answer.one("retired");
  const status = {
    host: machine.host,
    stack: machine.stack,
    reachable: true,
    generation: Number(answer.one("generation")),
    bundle: !manifest ? "none" : manifest === machine.bundle.hash ? "same" : "other",
    ...(retired && { retired }),
    ...(release && { release }),
    units: answer.all("unit").map(([name = "", wanted = "", is = "unknown"]) => ({ name, wanted, is })),
    upSeconds: Number(answer.one("uptime")),
    clock: clockOf(answer, trip),
    disks: disksOf(answer),
    ...(meta && { applied: { time: meta[0] ?? "", by: meta[1] ?? "", origin: meta[2] ?? "-" } }),
    ...(heldBy && { heldBy }),
    interrupted: answer.one("interrupted") !== undefined,
    ...(reboot && { reboot }),
    ...(unproven && { unproven }),
  } as const;
  return { ...status, faults: faults(status) };
}

export function clockOf(answer: Answer, { began, ended }: RoundTrip): HostStatus["clock"] {
  return {
    seconds: Number(answer.one("clock")) - (began + ended) / 2000,
    within: (ended - began) / 2000,
  };
}

export function disksOf(answer: Answer): DiskStatus[] {
  return answer.all("disk").map(([path = "", device = "", free, size]) => ({
    path,
    device,
    free: Number(free),
    size: Number(size),
  }));
}

export function unreachable({ host, stack }: Machine, reason: string): Unreachable {
  return { host, stack, reachable: false, faults: [reason] };
}

export function isAsWanted({ wanted, is }: UnitStatus): boolean {
  return wanted === "started" ? is === "active" : ["inactive", "failed"].includes(is);
}

export function isNearlyFull({ free, size }: DiskStatus): boolean {
  return free < FREE_BYTES && free < size * FREE_SHARE;
}

/** Seconds that its clock is certainly off by more than is borne; 0 where it may be right. */
export function clockFault({ seconds, within }: HostStatus["clock"]): number {
  return Math.abs(seconds) - within > CLOCK ? seconds : 0;
}

function faults(status: Omit<HostStatus, "faults">): string[] {
  const { host, stack, bundle, units, clock, disks, interrupted, heldBy, unproven } = status;
  const at = `${host} --stack ${stack}`;
  const off = clockFault(clock);
  const full = disks.filter(isNearlyFull);
  // What is under way is judged when it is over.
  const rest = heldBy === undefined;
  return [
    !rest && `it is held by ${heldBy}: a run that is gone is let go by itself, or by soundstage unlock ${at}`,
    rest && bundle === "none" && `nothing was applied here yet: soundstage apply ${at}`,
    rest && bundle === "other" && `it holds another bundle than this output's: soundstage apply ${at}`,
    interrupted &&
      `an apply was interrupted: soundstage apply ${at}, or soundstage unlock ${at} to put it back`,
    rest && unproven !== undefined && `an upgrade of ${unproven} was not proven: soundstage upgrade ${at}`,
    ...units
      .filter((unit) => rest && !isAsWanted(unit))
      .map(
        ({ name, wanted, is }) =>
          `${name} is ${is}, not ${wanted}: soundstage logs ${host} ${name} --stack ${stack}`,
      ),
    off !== 0 &&
      `its clock is ${plural(Math.abs(off), "second")} ${off > 0 ? "ahead of" : "behind"} this machine's: timedatectl set-ntp true, there`,
    ...full.map(
      ({ path, free }) =>
        `${path} has only ${Math.round(free / 1e6)} MB free: make room, there (du -xh ${path} | sort -h | tail)`,
    ),
  ].filter((fault) => fault !== false);
}
