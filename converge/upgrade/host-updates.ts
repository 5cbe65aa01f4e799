// What an upgrade would do on one host: made of what the host answers; pure.
import type { Manifest } from "../../bundle/manifest.ts";
import type { Member } from "../order/schedule.ts";
import { Answer, type Line } from "../script/answer.ts";

/** Which packages are meant: Debian's security archive's, or all that are offered. */
export type Scope = "security" | "all";
export type RebootMode = "auto" | "never" | "always";

export interface Update {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

export interface HostUpdates {
  readonly host: string;
  readonly packages: readonly Update[];
  /** What is offered and does not come; without versions where only apt knows why. */
  readonly held: readonly (Partial<Update> & { readonly name: string; readonly why: string })[];
  /** Services that run replaced files, or will: the bundle's first, in its order; the others are renewed as well. */
  readonly restarts: readonly { readonly name: string; readonly whose: "bundle" | "other" }[];
  /** Services that nothing but a reboot renews. */
  readonly awaiting: readonly string[];
  /** Why it awaits a reboot, or will. */
  readonly reboot: readonly string[];
  /** When an upgrade began that was not proven since. */
  readonly unproven?: string;
  /** What differs from what we put there, and what else an operator should know before. */
  readonly notes: readonly string[];
  readonly member: Member;
}

/** @param hash of the output's bundle */
export function hostUpdates(manifest: Manifest, hash: string, lines: readonly Line[]): HostUpdates {
  const answer = new Answer(lines);
  const groups = (state: string) =>
    new Set(answer.all("member").flatMap(([group = "", is]) => (is === state ? [group] : [])));
  const unproven = answer.one("unproven");
  const restarts = answer.all("restart").map(([name = "", whose = ""]) => ({ name, whose }));
  return {
    host: manifest.host,
    packages: answer.all("package").map(([name = "", from = "", to = ""]) => ({ name, from, to })),
    held: answer.all("held").map(([name = "", from = "-", to = "-", by = ""]) => ({
      name,
      ...(from !== "-" && { from, to }),
      why: by === "packages.lock" ? pinned(manifest, name, from) : `held back by ${by}`,
    })),
    restarts: restarts.flatMap(({ name, whose }) =>
      whose === "bundle" || whose === "other" ? [{ name, whose }] : [],
    ),
    awaiting: restarts.filter(({ whose }) => whose === "reboot").map(({ name }) => name),
    reboot: answer.all("reboot").map(([reason = ""]) => reason),
    ...(unproven && { unproven }),
    notes: [
      ...answer.all("note").map(([note = ""]) => note),
      ...answer.all("drift").map(([what]) => `drift: ${what}`),
      ...answer.all("busy").map(([holder]) => `another run holds the host: ${holder}`),
      ...(answer.one("manifest") === hash
        ? []
        : ["it holds another bundle than this output's: soundstage apply"]),
    ],
    member: {
      host: manifest.host,
      order: manifest.order.map(({ group, mode }) => ({ group, mode })),
      fresh: groups("fresh"),
      leads: groups("leads"),
    },
  };
}

/** What packages.lock holds changes with a bundle: an upgrade beside it would be drift. */
function pinned({ packages }: Manifest, name: string, has: string): string {
  const wanted = packages.find((spec) => spec.startsWith(`${name}=`))?.slice(name.length + 1);
  return wanted !== undefined && wanted !== has
    ? `held, and the bundle brings ${wanted}: soundstage apply`
    : "held, raise packages.lock";
}

/** Whether the host is to restart as a whole. */
export function reboots({ reboot }: Pick<HostUpdates, "reboot">, mode: RebootMode): boolean {
  return mode === "always" || (mode === "auto" && reboot.length > 0);
}

export function isDue(updates: HostUpdates, mode: RebootMode): boolean {
  const { packages, restarts, unproven } = updates;
  return packages.length > 0 || restarts.length > 0 || unproven !== undefined || reboots(updates, mode);
}
