// Actions of cluster scope: once among the hosts that carry them, and not before all of these are up.
import type { Manifest } from "../../bundle/manifest.ts";
import type { Wave } from "./schedule.ts";

export class ClusterActions {
  /** Of those that are still to come: id → hosts that carry it, in the order of the file. */
  readonly #carriers = new Map<string, string[]>();

  add({ host, actions }: Pick<Manifest, "host" | "actions">): void {
    for (const { id, when, scope } of actions) {
      if (when === "after" && scope === "cluster")
        this.#carriers.set(id, [...(this.#carriers.get(id) ?? []), host]);
    }
  }

  /** A host is not proven before its actions have run: its probes may be about what they do. */
  awaits(host: string): boolean {
    return [...this.#carriers.values()].some((hosts) => hosts.includes(host));
  }

  /**
   * Those whose time has come after a wave, each told once: when their carriers' groups are through, or at the end
   * where a carrier is in no group, since what it needs may be any of them.
   */
  due(waves: readonly Wave[], index: number): [id: string, carriers: readonly string[]][] {
    const due = [...this.#carriers].filter(([, carriers]) => {
      const at = waves.flatMap(({ hosts }, wave) =>
        hosts.some((host) => carriers.includes(host)) ? [wave] : [],
      );
      if (at.length === 0) return false;
      const free = at.some((wave) => waves[wave]?.group === undefined);
      return index === waves.length - 1 || (!free && Math.max(...at) <= index);
    });
    for (const [id] of due) this.#carriers.delete(id);
    return due;
  }
}
