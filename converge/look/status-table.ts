// The hosts of stacks at a glance: a row each, and below it what is not well and what to do.

import { bytes, duration, plural } from "../text/quantity.ts";
import { type Cell, type Column, hasColours, tableText } from "../text/table.ts";
import { clockFault, type HostStatus, isAsWanted, isNearlyFull, type Unreachable } from "./host-status.ts";

const COLUMNS: readonly Column[] = [
  { title: "host" },
  { title: "bundle" },
  { title: "gen", align: "right" },
  { title: "release" },
  { title: "units", align: "right" },
  { title: "up", align: "right" },
  { title: "clock", align: "right" },
  { title: "free /", align: "right" },
  { title: "/var", align: "right" },
  { title: "applied", align: "right" },
  { title: "by" },
  { title: "held by" },
  { title: "reboot" },
];

/** @param now milliseconds since the epoch */
export function statusText(
  hosts: readonly (HostStatus | Unreachable)[],
  now = Date.now(),
  colours = hasColours(),
): string {
  const table = tableText(
    COLUMNS,
    hosts.map((host) => row(host, now)),
    colours,
  );
  const ill = hosts.filter(({ faults }) => faults.length > 0);
  const faults = tableText(
    [{ title: "host" }, { title: "what is not well" }],
    ill.flatMap(({ host, faults: found }) =>
      found.map((text, index): Cell[] => [
        { text: index === 0 ? host : "", tone: "bad" },
        { text: text.replaceAll("\n", "; ") },
      ]),
    ),
    colours,
  );
  const sum = ill.length === 0 ? "all are well" : `${hosts.length - ill.length} well, ${ill.length} not`;
  return `${table}${ill.length > 0 ? `\n${faults}` : ""}\n${plural(hosts.length, "host")}: ${sum}\n`;
}

function row(status: HostStatus | Unreachable, now: number): Cell[] {
  const { host } = status;
  if (!status.reachable) return [{ text: host }, { text: "unreachable", tone: "bad" }];
  const { bundle, retired, generation, release, units, upSeconds, clock, disks, applied, heldBy, reboot } =
    status;
  const [root, data] = disks;
  const well = units.filter(isAsWanted).length;
  return [
    { text: host },
    { text: retired && bundle === "same" ? "retired" : bundle, tone: bundle === "same" ? "good" : "bad" },
    { text: generation === 0 ? "-" : String(generation) },
    { text: release?.slice(0, 8) ?? "" },
    {
      text: units.length > 0 ? `${well} of ${units.length}` : "",
      ...(well < units.length && { tone: "bad" as const }),
    },
    { text: duration(upSeconds) },
    { text: clockText(clock), ...(clockFault(clock) !== 0 && { tone: "bad" as const }) },
    disk(root),
    // One file system has one row in a table of disks.
    data?.device === root?.device ? { text: "" } : disk(data),
    { text: applied ? `${duration((now - Date.parse(applied.time)) / 1000)} ago` : "never" },
    { text: applied ? name(applied.by) : "" },
    { text: heldBy ? name(heldBy) : "", tone: "bad" },
    { text: reboot === undefined ? "" : "due" },
  ];
}

/** What is within the doubt of a round trip is told as nothing. */
function clockText({ seconds, within }: HostStatus["clock"]): string {
  if (Math.abs(seconds) <= within) return "0 s";
  const sign = seconds < 0 ? "-" : "+";
  const amount = Math.abs(seconds);
  return `${sign}${amount < 10 ? `${amount.toFixed(1)} s` : duration(amount)}`;
}

function disk(status: HostStatus["disks"][number] | undefined): Cell {
  if (!status) return { text: "" };
  return { text: bytes(status.free), ...(isNearlyFull(status) && { tone: "bad" as const }) };
}

/** Of a holder the person: what process it was and since when stands in --json and in `history`. */
function name(owner: string): string {
  return owner.replace(/ pid \d+ since .*$/, "").replace(/ on this host$/, "");
}
