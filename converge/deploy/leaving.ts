// What is said of regions with edges that leave: clients are sent elsewhere before their hosts go.
import type { LeavingEdge } from "../../bundle/manifest.ts";

/** Regions with edges that leave, and which. */
export type Leaving = ReadonlyMap<string, readonly LeavingEdge[]>;

/**
 * Why stacks go in another order than otherwise, or that answers are left as they are.
 * @param stacks those that are deployed
 * @param known all of the output
 */
export function orderNotes(stacks: readonly string[], known: readonly string[], leaving: Leaving): string[] {
  const regions = [...leaving].filter(([stack]) => stacks.includes(stack));
  if (regions.length === 0 || !known.includes("traffic")) return [];
  const names = regions.map(([stack, edges]) => `${stack} (${edges.map(({ host }) => host).join(", ")})`);
  return stacks.includes("traffic")
    ? [`traffic goes before ${names.join(" and ")}, whose edges leave: no client is sent to a host that goes`]
    : [
        `edges leave ${names.join(" and ")}, and traffic is not among the stacks: answers may still name them; soundstage deploy traffic takes them out`,
      ];
}

/** For how long clients may still come; undefined where no address was ever answered. */
export function resolversNote(edges: readonly LeavingEdge[]): string | undefined {
  const seconds = Math.max(0, ...edges.map(({ ttl }) => ttl));
  if (seconds === 0) return undefined;
  const hosts = edges.map(({ host, address }) => `${host} (${address})`).join(", ");
  return `${hosts}: resolvers may still answer with this for up to ${seconds} s after zones and traffic were applied without it`;
}
