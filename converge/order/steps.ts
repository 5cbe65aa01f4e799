// The order of hosts as an operator is shown it beforehand.

import { type Member, schedule, type Wave } from "./schedule.ts";
import type { Share } from "./share.ts";

/** A wave, and who of it hands a role over before anything of it changes. */
export interface Step extends Wave {
  readonly handsOver: readonly { readonly host: string; readonly groups: readonly string[] }[];
}

/**
 * As a run would order hosts that it finds as they are now.
 * @param hasHandover whether a host can hand over what it leads in a group
 */
export function stepsOf(
  members: readonly Member[],
  sizes: readonly Share[] | undefined,
  hasHandover: (host: string, group: string) => boolean,
): Step[] {
  return schedule(members, sizes).map((wave) => ({
    ...wave,
    handsOver: members.flatMap(({ host, order, fresh, leads }) => {
      if (!wave.hosts.includes(host) || order.every(({ group }) => fresh.has(group))) return [];
      const groups = [...leads].filter((group) => hasHandover(host, group));
      return groups.length > 0 ? [{ host, groups }] : [];
    }),
  }));
}

export function stepsText(steps: readonly Step[]): string {
  return steps
    .map(({ hosts, group, handsOver, gates }, index) => {
      const parts = [
        hosts.join(", "),
        ...(group ? [`group ${group}`] : []),
        ...handsOver.map(({ host, groups }) => `${host} hands over ${groups.join(", ")} first`),
        ...(gates.length > 0 ? [`then ${gates.join(", ")} must be back`] : []),
      ];
      return `wave ${index + 1}: ${parts.join("; ")}\n`;
    })
    .join("");
}
