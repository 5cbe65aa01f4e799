// In which order the hosts of a region change; a pure function, so that every case is a test.
import type { ChangeOrder } from "../bundle/manifest.ts";

export interface Member {
  readonly host: string;
  readonly order: readonly Pick<ChangeOrder, "group" | "mode">[];
  /** Groups in which the host holds no data yet. */
  readonly fresh: ReadonlySet<string>;
  /** Groups that the host leads. */
  readonly leads: ReadonlySet<string>;
}

/** Hosts that change side by side; the next wave waits for the gate of this one. */
export interface Wave {
  readonly hosts: readonly string[];
  /** The group whose gate holds the next wave back, and whose later waves are given up when it fails. */
  readonly group?: string;
  /** Hands its leadership of the group over first. */
  readonly handover?: boolean;
}

const STRICTNESS = { "one-by-one": 0, "first-then-rest": 1, together: 2 } as const;

export function schedule(members: readonly Member[]): Wave[] {
  const grouped = new Map<string, Member[]>();
  const free: string[] = [];
  for (const member of members) {
    const order = strictest(member);
    if (!order || order.mode === "together") free.push(member.host);
    else grouped.set(order.group, [...(grouped.get(order.group) ?? []), member]);
  }
  const groups = [...grouped].sort(([, a], [, b]) => rank(a) - rank(b));
  return [
    ...(free.length > 0 ? [{ hosts: free }] : []),
    ...groups.flatMap(([group, hosts]) => waves(group, hosts)),
  ];
}

function strictest({ order }: Member): Pick<ChangeOrder, "group" | "mode"> | undefined {
  return [...order].sort((a, b) => STRICTNESS[a.mode] - STRICTNESS[b.mode])[0];
}

function rank(members: readonly Member[]): number {
  return STRICTNESS[strictest(members[0] as Member)?.mode ?? "together"];
}

function waves(group: string, members: readonly Member[]): Wave[] {
  const all = members.map(({ host }) => host);
  if (members.every(({ fresh }) => fresh.has(group))) return [{ hosts: all, group }];
  if (strictest(members[0] as Member)?.mode === "first-then-rest") {
    const [first, ...rest] = all;
    return [{ hosts: [first as string], group }, ...(rest.length > 0 ? [{ hosts: rest, group }] : [])];
  }
  const leader = members.find(({ leads }) => leads.has(group))?.host;
  const followers = all.filter((host) => host !== leader).map((host): Wave => ({ hosts: [host], group }));
  return [...followers, ...(leader ? [{ hosts: [leader], group, handover: true }] : [])];
}
