// In which order the hosts of a region change; a pure function, so that every case is a test.
import type { ChangeOrder } from "../../bundle/manifest.ts";
import { Share } from "./share.ts";

export interface Member {
  readonly host: string;
  readonly order: readonly Pick<ChangeOrder, "group" | "mode">[];
  /** Groups in which the host holds no data yet. */
  readonly fresh: ReadonlySet<string>;
  /** Groups that the host leads. */
  readonly leads: ReadonlySet<string>;
  /** It leaves the platform: what others need of it, they have found elsewhere before. */
  readonly retires?: boolean;
}

/** Hosts that change side by side; the next wave waits until these are proven. */
export interface Wave {
  readonly hosts: readonly string[];
  /** The group that the wave is for; none for hosts without an order. */
  readonly group?: string;
  /** Groups whose members among its hosts must be back before the next wave. */
  readonly gates: readonly string[];
}

type Order = Member["order"][number];
type Hosts = Omit<Wave, "gates">;

const STRICTNESS = { "one-by-one": 0, "first-then-rest": 1, together: 2 } as const;

/** Sizes of the waves of hosts without an order: the first alone, then a quarter, then the rest. */
export const WAVES: readonly Share[] = Share.waves(["1", "25%", "100%"]);

/** @param waves sizes, as Ansible's `serial` has them: counts or shares of these hosts, the last repeated */
export function schedule(members: readonly Member[], waves: readonly Share[] = WAVES): Wave[] {
  const grouped = new Map<string, Member[]>();
  const free: string[] = [];
  const leaving: string[] = [];
  for (const member of members) {
    const order = strictest(member);
    if (!order) (member.retires ? leaving : free).push(member.host);
    else grouped.set(order.group, [...(grouped.get(order.group) ?? []), member]);
  }
  const groups = [...grouped].sort(([, a], [, b]) => rank(a) - rank(b));
  const sizes = waves.map((size) => size.of(free.length));
  return gated(
    [
      ...inSizes(free, sizes),
      ...groups.flatMap(([group, hosts]) => inOrder(group, hosts)),
      ...(leaving.length > 0 ? [{ hosts: leaving }] : []),
    ],
    members,
  );
}

function strictest({ order }: Member): Order | undefined {
  return [...order].sort((a, b) => STRICTNESS[a.mode] - STRICTNESS[b.mode])[0];
}

function rank(members: readonly Member[]): number {
  return STRICTNESS[strictest(members[0] as Member)?.mode ?? "together"];
}

function inSizes(hosts: readonly string[], sizes: readonly number[]): Hosts[] {
  const waves: Hosts[] = [];
  for (let begun = 0; begun < hosts.length; ) {
    const size = sizes[Math.min(waves.length, sizes.length - 1)] ?? 0;
    const wave = hosts.slice(begun, begun + Math.max(size, 1));
    waves.push({ hosts: wave });
    begun += wave.length;
  }
  return waves;
}

function inOrder(group: string, members: readonly Member[]): Hosts[] {
  const all = members.map(({ host }) => host);
  const mode = strictest(members[0] as Member)?.mode;
  if (mode === "together" || isFresh(group, members)) return [{ hosts: all, group }];
  if (mode === "first-then-rest") {
    const [first, ...rest] = all;
    return [{ hosts: [first as string], group }, ...(rest.length > 0 ? [{ hosts: rest, group }] : [])];
  }
  const turns = members.map(({ host }, index) => ({ host, turn: turn(group, members[index] as Member) }));
  return turns.sort((a, b) => a.turn - b.turn).map(({ host }) => ({ hosts: [host], group }));
}

/** A new member comes when all others know it; before, those go that it may take the place of: they learn of no one. */
function turn(group: string, { fresh, leads, retires }: Member): number {
  if (fresh.has(group)) return 3;
  if (retires) return 2;
  return leads.has(group) ? 1 : 0;
}

function isFresh(group: string, members: readonly Member[]): boolean {
  return members.every(({ fresh }) => fresh.has(group));
}

/** A group with data answers after each of its members; one that starts from nothing when its last has started. */
function gated(waves: readonly Hosts[], members: readonly Member[]): Wave[] {
  const within = new Map<string, Member[]>();
  for (const member of members) {
    for (const { group } of member.order) within.set(group, [...(within.get(group) ?? []), member]);
  }
  const at = new Map(waves.flatMap(({ hosts }, index) => hosts.map((host) => [host, index] as const)));
  return waves.map((wave, index) => {
    const gates = [...within].filter(([group, of]) => {
      const started = of.map(({ host }) => at.get(host) as number);
      return started.includes(index) && (!isFresh(group, of) || Math.max(...started) === index);
    });
    return { ...wave, gates: gates.map(([group]) => group) };
  });
}
