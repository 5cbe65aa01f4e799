// What names the zones of a file have: of records, and of what is written for it (mail, edges, answers).
import { addressType } from "./address.ts";
import type { Path } from "./document.ts";
import { mailRecords } from "./mail.ts";
import { edgeName, MAX_NAME } from "./names.ts";
import type { HostPart, ZonePart } from "./parts.ts";

export interface Entry {
  readonly owner: string;
  readonly type: string;
  /** Absolute name that a CNAME points to. */
  readonly target?: string;
  /** Zone that it is written into. */
  readonly zone: string;
  readonly path: Path;
  /** Written for the file, not by it: what says so. */
  readonly by?: string;
}

/** A name of the file and the zone that it is relative to. */
const MAX_OWNER = 2 * (MAX_NAME + 1);
/** Types that give a name an address. */
const ADDRESS: readonly string[] = ["A", "AAAA"];

export class NameIndex {
  readonly #entries = new Map<string, Entry[]>();
  readonly #zones: ReadonlySet<string>;

  constructor(zones: readonly ZonePart[], hosts: readonly HostPart[], edgeZone: unknown) {
    this.#zones = new Set(zones.map(({ name }) => name));
    for (const part of zones) {
      const { name: zone, path } = part;
      for (const { owner, type, row, path: at } of part.records)
        this.#add({ owner, type, zone, path: at, ...(row?.type === "CNAME" && { target: row.target }) });
      for (const label of part.answers)
        this.#add({
          owner: `${label}.${zone}`,
          type: "A",
          zone,
          path: [...path, "answers", label],
          by: "answers",
        });
      for (const { owner, type } of part.mail === undefined ? [] : mailRecords(part.mail, zone))
        this.#add({ owner, type, zone, path: [...path, "mail"], by: "mail" });
      if (zone !== edgeZone) continue;
      for (const { name, roles, path: at, address } of hosts.filter(({ retire }) => !retire)) {
        if (!roles.includes("edge")) continue;
        const type = address === undefined ? "A" : addressType(address);
        this.#add({ owner: edgeName(name, zone), type, zone, path: at, by: `host "${name}"` });
      }
    }
  }

  all(): readonly Entry[] {
    return [...this.#entries.values()].flat();
  }

  at(name: string): readonly Entry[] {
    return this.#entries.get(name) ?? [];
  }

  /** What answers for a name: its own records, or those of a wildcard above it (RFC 4592 §3.3.1). */
  answering(name: string): readonly Entry[] {
    const own = this.at(name);
    if (own.length > 0) return own;
    const zone = this.zoneOf(name);
    for (let above = name; zone !== undefined && above !== zone; ) {
      above = above.slice(above.indexOf(".") + 1);
      const wild = this.at(`*.${above}`);
      if (wild.length > 0) return wild;
    }
    return [];
  }

  /** Whether a name of a zone of this file has an address, directly or, where `aliases`, by way of aliases. */
  hasAddress(name: string, aliases: boolean): boolean {
    const seen = new Set<string>();
    let entries = this.answering(name);
    while (aliases) {
      const target = entries.find(({ type }) => type === "CNAME")?.target;
      if (target === undefined || seen.has(target) || !this.zoneOf(target)) break;
      seen.add(target);
      entries = this.answering(target);
    }
    return entries.some(({ type }) => ADDRESS.includes(type) || (aliases && type === "CNAME"));
  }

  /** The innermost zone of this file that holds a name. */
  zoneOf(name: string): string | undefined {
    // No zone holds a longer name; to walk up one of any length takes long.
    if (name.length > MAX_OWNER) return undefined;
    for (let zone = name; ; zone = zone.slice(zone.indexOf(".") + 1)) {
      if (this.#zones.has(zone)) return zone;
      if (!zone.includes(".")) return undefined;
    }
  }

  #add(entry: Entry): void {
    const known = this.#entries.get(entry.owner);
    if (known) known.push(entry);
    else this.#entries.set(entry.owner, [entry]);
  }
}
