// What must hold of CNAME records.
import type { Entry, NameIndex } from "../name-index.ts";
import type { Parts, RecordPart, ZonePart } from "../parts.ts";
import type { NamedRecord } from "../zone.ts";
import type { Rule } from "./rule.ts";

type Alias = RecordPart & { readonly row: Extract<NamedRecord, { type: "CNAME" }>; readonly zone: ZonePart };

const aliasesOf = ({ zones }: Parts): Alias[] =>
  zones.flatMap((zone) =>
    zone.records.flatMap((part): Alias[] =>
      part.row?.type === "CNAME" ? [{ ...part, row: part.row, zone }] : [],
    ),
  );

/** RFC 1034 §3.6.2; RFC 1912 §2.4. */
const apexCname: Rule = {
  id: "apex-cname",
  find: (parts) =>
    aliasesOf(parts)
      .filter(({ owner, zone }) => owner === zone.name)
      .map(({ path }) => ({
        path,
        message: "a CNAME can not stand at the zone itself, which has SOA and NS records: give it addresses",
      })),
};

/** RFC 1034 §3.6.2. */
const cnameCoexistence: Rule = {
  id: "cname-coexistence",
  find: (parts) =>
    aliasesOf(parts).flatMap(({ owner, path, row, zone }) => {
      const own = (entry: Entry) => entry.path.join("/") === path.join("/");
      const other = owner === zone.name ? undefined : parts.names.at(owner).find((entry) => !own(entry));
      if (!other) return [];
      const source = other.by ? ` (written for ${other.by})` : "";
      const message = `"${row.name}" is a CNAME, which stands alone, and has a record of type ${other.type} too${source}: remove one`;
      return [{ path, message }];
    }),
};

const cnameTarget: Rule = {
  id: "cname-target",
  find: (parts) =>
    aliasesOf(parts)
      .filter(({ row: { target } }) => isMissing(target, parts.names))
      .map(({ path, row: { target } }) => ({
        path: [...path, "target"],
        message:
          target === "."
            ? "expected a name to point to, found the root"
            : `${target} does not exist in zone ${parts.names.zoneOf(target)}: give it an address, or point the alias elsewhere`,
      })),
};

const isMissing = (target: string, names: NameIndex) =>
  target === "." || (names.zoneOf(target) !== undefined && names.answering(target).length === 0);

/** RFC 1034 §3.6.2: loops are an error. */
const cnameLoop: Rule = {
  id: "cname-loop",
  find: (parts) => {
    const aliases = aliasesOf(parts);
    const looping = loopsOf(new Map(aliases.map(({ owner, row }) => [owner, row.target])));
    return aliases
      .filter(({ owner }) => looping.has(owner))
      .map(({ path, owner }) => ({
        path: [...path, "target"],
        message: `this alias leads back to ${owner}: give one of the names an address`,
      }));
  },
};

/** Names that are part of a loop; each is followed once. */
function loopsOf(targets: ReadonlyMap<string, string>): ReadonlySet<string> {
  const done = new Set<string>();
  const looping = new Set<string>();
  for (const start of targets.keys()) {
    const way: string[] = [];
    let name: string | undefined = start;
    while (name !== undefined && !done.has(name)) {
      done.add(name);
      way.push(name);
      name = targets.get(name);
    }
    const back = name === undefined ? -1 : way.indexOf(name);
    for (const each of back < 0 ? [] : way.slice(back)) looping.add(each);
  }
  return looping;
}

export const aliasRules: readonly Rule[] = [apexCname, cnameCoexistence, cnameTarget, cnameLoop];
