// For how long a plan takes services out, by what the host measured when they started last.
import type { Line } from "../script/answer.ts";
import { Answer } from "../script/answer.ts";

export interface UnitOutage {
  readonly name: string;
  /** Until it was active again and, where the host's probes had to wait, until they held; null: not measured yet. */
  readonly ms: number | null;
  /** What was measured: a start has no end before it. */
  readonly by: "restart" | "start" | null;
}

export interface Outage {
  /** Units restart one after the other, so theirs add up; probes wait for all of them at once. */
  readonly ms: number;
  /** Of it the wait of probes. */
  readonly probesMs: number;
  /** Those that restart, in their order. */
  readonly units: readonly UnitOutage[];
}

interface Measured {
  readonly by: "restart" | "start";
  readonly activeMs: number;
  readonly probesMs: number;
}

/** @returns undefined where nothing restarts */
export function outageOf(
  units: readonly { readonly name: string; readonly verb: string }[],
  answer: readonly Line[],
): Outage | undefined {
  const restarting = units.filter(({ verb }) => verb === "restart");
  if (restarting.length === 0) return undefined;
  const measured = measurements(answer);
  const known = restarting.flatMap(({ name }) => measured.get(name) ?? []);
  const probesMs = Math.max(0, ...known.map((each) => each.probesMs));
  return {
    ms: known.reduce((sum, { activeMs }) => sum + activeMs, probesMs),
    probesMs,
    units: restarting.map(({ name }) => {
      const found = measured.get(name);
      return { name, ms: found ? found.activeMs + found.probesMs : null, by: found?.by ?? null };
    }),
  };
}

/** The host's script counts in hundredths of a second. */
function measurements(answer: readonly Line[]): Map<string, Measured> {
  return new Map(
    new Answer(answer).all("outage").map(([name = "", verb, active, probes]) => [
      name,
      {
        by: verb === "restart" ? "restart" : "start",
        activeMs: Number(active) * 10,
        probesMs: Number(probes) * 10,
      },
    ]),
  );
}

/** What stands behind a unit's verb. */
export function unitOutageText({ ms, by }: UnitOutage): string {
  if (ms === null) return "not measured yet";
  return by === "restart" ? `out ${seconds(ms)} last time` : `its last start took ${seconds(ms)}`;
}

/** The host as a whole. */
export function outageText({ ms, probesMs, units }: Outage): string {
  const parts = units.map(({ name, ms: each }) => {
    const unit = shortName(name);
    return each === null ? `${unit} not measured yet` : `${unit} ${seconds(each)}`;
  });
  const probes = probesMs > 0 ? `; of it probes waited ${seconds(probesMs)}` : "";
  if (units.every((unit) => unit.ms === null))
    return `out for a time that was not measured yet (${units.map(({ name }) => shortName(name)).join(", ")})`;
  const more = units.some((unit) => unit.ms === null) ? "more than " : "about ";
  return `out for ${more}${seconds(ms)} (${parts.join(", ")}${probes})`;
}

function shortName(unit: string): string {
  return unit.replace(/\.service$/, "");
}

/** Nothing takes no time at all. */
function seconds(ms: number): string {
  return `${(Math.max(ms, 100) / 1000).toFixed(1)} s`;
}
