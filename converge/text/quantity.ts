// Amounts as a person reads and writes them: one number, and the unit that suits it.
import { ConvergeFault } from "../fault.ts";

const TIMES = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
] as const;

/** `41 d`, `5 h`, `12 min`, `3 s`: the largest unit of which there are two, or the smallest. */
export function duration(seconds: number): string {
  const [unit, length] = TIMES.find(([, each]) => seconds >= 2 * each) ?? ["s", 1];
  return `${Math.floor(seconds / length)} ${unit}`;
}

const SIZES = [
  ["TB", 1e12],
  ["GB", 1e9],
  ["MB", 1e6],
  ["kB", 1e3],
] as const;

/** `12 GB`, `1.2 MB`, `830 kB`, `12 B`: decimal, as disks are sold. */
export function bytes(count: number): string {
  const [unit, size] = SIZES.find(([, each]) => count >= each) ?? ["B", 1];
  const amount = count / size;
  return `${amount < 10 && size > 1e3 ? amount.toFixed(1) : Math.floor(amount)} ${unit}`;
}

export function plural(count: number, noun: string): string {
  const rounded = Math.round(count);
  return `${rounded} ${noun}${rounded === 1 ? "" : "s"}`;
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** `90s`, `5m`, `1h`; seconds where no unit stands. */
export function milliseconds(text: string, option: string): number {
  const [, number, unit = "s"] = /^(\d+)([smh])?$/.exec(text) ?? [];
  if (number === undefined) throw new ConvergeFault(`${option} ${text}: expected a time such as 60s or 5m`);
  return Number(number) * (UNITS[unit] as number);
}
