// What must hold of the names that MX, NS and SRV records point to.
import { isIP } from "node:net";
import type { Path } from "../document.ts";
import { mailRecords } from "../mail.ts";
import type { Parts } from "../parts.ts";
import type { NamedRecord } from "../zone.ts";
import type { Finding, Rule } from "./rule.ts";

interface Pointer {
  readonly type: "MX" | "NS" | "SRV";
  readonly target: string;
  readonly path: Path;
  /** Its record; absent where `mail` says it. */
  readonly row?: NamedRecord;
}

function pointersOf({ zones }: Parts): Pointer[] {
  return zones.flatMap(({ name, path, records, mail }) => [
    ...records.flatMap(({ row, path: at }): Pointer[] =>
      row?.type === "MX" || row?.type === "NS" || row?.type === "SRV"
        ? [{ type: row.type, target: row.target, path: [...at, "target"], row }]
        : [],
    ),
    ...(typeof mail === "object" ? mailRecords(mail, name) : []).flatMap(({ at, ...row }): Pointer[] =>
      row.type === "MX" ? [{ type: "MX", target: row.target, path: [...path, "mail", ...at] }] : [],
    ),
  ]);
}

const each = (find: (pointer: Pointer, parts: Parts) => string | undefined) => (parts: Parts) =>
  pointersOf(parts).flatMap((pointer): Finding[] => {
    const message = find(pointer, parts);
    return message === undefined ? [] : [{ path: pointer.path, message }];
  });

/** RFC 2181 §10.3 for MX and NS, RFC 2782 for SRV. */
const targetIsCname: Rule = {
  id: "target-is-cname",
  find: each(({ type, target }, { names }) =>
    names.answering(target).some((entry) => entry.type === "CNAME")
      ? `expected a name with an address of its own for ${type}, found ${target}, which is a CNAME`
      : undefined,
  ),
};

/** RFC 1035 §3.3.9, §3.3.11, RFC 2782: a domain name. */
const targetIsAddress: Rule = {
  id: "target-is-address",
  find: (parts) =>
    parts.zones.flatMap(({ records }) =>
      records.flatMap(({ row, path }) =>
        row && "target" in row && isIP(row.target) !== 0
          ? [
              {
                path: [...path, "target"],
                message: `expected a name for ${row.type}, found the address ${row.target}`,
              },
            ]
          : [],
      ),
    ),
};

/** RFC 5321 §5.1, RFC 2782: the target has addresses; of NS those are its glue (RFC 1034 §4.2.1). */
const targetMissing: Rule = {
  id: "target-missing",
  find: each(({ type, target }, { names }) => {
    const zone = names.zoneOf(target);
    const alias = names.answering(target).some((entry) => entry.type === "CNAME");
    return zone === undefined || alias || names.hasAddress(target, false)
      ? undefined
      : `${target}, to which this ${type} points, has no address in zone ${zone}: add one`;
  }),
};

/** RFC 1123 §2.1: an underscore is no letter of a host's name. */
const targetHost: Rule = {
  id: "target-host",
  find: each(({ type, target }) =>
    target.includes("_")
      ? `expected the name of a host for ${type}, found ${target} with an underscore`
      : undefined,
  ),
};

/** RFC 2782 for SRV, RFC 7505 §3 for MX; of NS the root is no server. */
const targetNone: Rule = {
  id: "target-none",
  find: (parts) =>
    pointersOf(parts).flatMap(({ type, target, path, row }): Finding[] => {
      if (target !== ".") return [];
      const message = noneFault(type, row, parts);
      return message === undefined ? [] : [{ path, message }];
    }),
};

function noneFault(type: Pointer["type"], row: Pointer["row"], { names }: Parts): string | undefined {
  if (type === "NS") return "expected the name of a name server, found the root";
  if (!row) return "expected a host that takes mail, found the root: a zone without mail says mail: none";
  if (row.type === "SRV")
    return row.priority + row.weight + row.port > 0
      ? '"." says that there is no such service: expected 0 0 0 beside it'
      : undefined;
  const others = names.at(row.owner).filter((entry) => entry.type === "MX").length > 1;
  return others || (row.type === "MX" && row.priority !== 0)
    ? "a null MX stands alone and has priority 0 (RFC 7505)"
    : undefined;
}

/** dnscontrol, "Fully qualified names": a dotted name without a zone of its own is mostly a slip. */
const targetUnqualified: Rule = {
  id: "target-unqualified",
  find: ({ zones, names }) =>
    zones.flatMap((zone) =>
      zone.records.flatMap(({ row, path }) => {
        if (!row || !("target" in row) || names.zoneOf(row.target) !== undefined) return [];
        const meant = `${row.target}.${zone.name}`;
        return names.at(meant).length > 0
          ? [
              {
                path: [...path, "target"],
                message: `a name with a dot is absolute, and ${meant} is in this zone: write it whole`,
              },
            ]
          : [];
      }),
    ),
};

export const targetRules: readonly Rule[] = [
  targetIsCname,
  targetIsAddress,
  targetMissing,
  targetHost,
  targetNone,
  targetUnqualified,
];
