// What must hold between hosts and regions.
import type { HostPart, Parts, RegionPart } from "../parts.ts";
import type { Role } from "../region.ts";
import type { Finding, Rule } from "./rule.ts";

const withRole = (hosts: readonly HostPart[], role: Role) =>
  hosts.filter(({ row }) => row.roles.includes(role));

/** Later ones of those that share a key, with the first. */
function repeated<T>(items: readonly T[], key: (item: T) => string): [T, T][] {
  const seen = new Map<string, T>();
  return items.flatMap((item): [T, T][] => {
    const first = seen.get(key(item));
    if (first !== undefined) return [[item, first]];
    seen.set(key(item), item);
    return [];
  });
}

const hostDuplicate: Rule = {
  id: "host-duplicate",
  find: ({ hosts }) => [
    ...repeated(hosts, ({ name }) => name).map(([{ path, name }, first]) => ({
      path,
      key: true,
      message: `host "${name}" is in region "${first.region}" already: names are unique in a platform`,
    })),
    ...repeated(hosts, ({ row }) => row.address).map(([{ path, row }, first]) => ({
      path: [...path, "address"],
      message: `address ${row.address} is that of host "${first.name}" already`,
    })),
    ...repeated(hosts, ({ region, row }) => `${region} ${row.private}`).map(([{ path, row }, first]) => ({
      path: [...path, "private"],
      message: `private address ${row.private} is that of host "${first.name}" already`,
    })),
  ],
};

/** RFC 1918 and RFC 4193. */
const privateAddress: Rule = {
  id: "address-private",
  find: ({ hosts }) =>
    hosts
      .filter(({ row }) => !/^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|f[cd])/i.test(row.private))
      .map(({ path, row }) => ({
        path: [...path, "private"],
        message: `${row.private} is no private address (RFC 1918, RFC 4193): clusters would listen in public`,
      })),
};

/** PostgreSQL wants vm.overcommit_memory 2 and Redis 1. */
const overcommit: Rule = {
  id: "roles-overcommit",
  find: ({ hosts }) =>
    hosts
      .filter(({ row }) => row.roles.includes("database") && row.roles.includes("cache"))
      .map(({ path, name }) => ({
        path: [...path, "roles"],
        message: `host "${name}" can not be database and cache: PostgreSQL and Redis want opposite vm.overcommit_memory settings`,
      })),
};

const regionCache: Rule = {
  id: "region-cache",
  find: ({ regions }) =>
    regions
      .filter(
        ({ hosts, row }) =>
          row && withRole(hosts, "relay").length > 0 && withRole(hosts, "cache").length !== 1,
      )
      .map(({ path, hosts }) => ({
        path,
        key: true,
        message: `a region with relays needs one host with the role cache, found ${withRole(hosts, "cache").length}`,
      })),
};

const edgeRelay: Rule = {
  id: "edge-relay",
  find: ({ hosts }) =>
    hosts
      .filter(({ row }) => row.roles.includes("edge") && !row.roles.includes("relay"))
      .map(({ path, name }) => ({
        path: [...path, "roles"],
        message: `edge "${name}" has no relay beside it: nginx passes to the relay of its own host`,
      })),
};

/** etcd, FAQ: "What is failure tolerance?" */
const databaseQuorum: Rule = {
  id: "database-quorum",
  find: ({ raw, regions, hosts }) => {
    const named = (raw.database as { region?: unknown } | undefined)?.region;
    const members = withRole(hosts, "database");
    if (named === undefined) {
      return members.map(({ path, name }) => ({
        path: [...path, "roles"],
        message: `host "${name}" is a database, and the file has no section "database"`,
      }));
    }
    const home = regions.find(({ name }) => name === named);
    if (!home)
      return [
        {
          path: ["database", "region"],
          message: `there is no region "${String(named)}"; there are ${regions.map(({ name }) => name).join(", ")}`,
        },
      ];
    const stray = members.filter(({ region }) => region !== named);
    const count = members.length - stray.length;
    return [
      ...stray.map(
        ({ path, region }): Finding => ({
          path: [...path, "roles"],
          message: `database hosts are in region "${String(named)}", and this one is in "${region}"`,
        }),
      ),
      ...([3, 5, 7].includes(count) || home.hosts.length === 0
        ? []
        : [
            {
              path: ["database", "region"],
              message: `a cluster has 3, 5 or 7 database hosts, so that a majority survives a loss; region "${String(named)}" has ${count}`,
            },
          ]),
    ];
  },
};

const backupElsewhere: Rule = {
  id: "backup-elsewhere",
  find: ({ raw, hosts, regions }) => {
    const named = (raw.database as { region?: unknown } | undefined)?.region;
    const keepers = withRole(hosts, "backup");
    const both = keepers.filter(({ row }) => row.roles.includes("database"));
    const known = regions.find(({ name }) => name === named);
    return [
      ...both.map(
        ({ path, name }): Finding => ({
          path: [...path, "roles"],
          message: `host "${name}" would keep the backups of its own database: give the role backup to a host without one`,
        }),
      ),
      ...(known && keepers.filter(({ region }) => region === named).length !== 1
        ? [
            {
              path: ["regions", known.name],
              key: true,
              message: "the database's region needs one host with the role backup",
            },
          ]
        : []),
    ];
  },
};

/** Two regions must not answer for one place, and exactly one answers for everywhere else. */
const serves: Rule = {
  id: "serves-once",
  find: ({ regions, zones }) => {
    const live = regions.filter(
      (region): region is RegionPart & { row: NonNullable<RegionPart["row"]> } => region.row?.live === true,
    );
    const places = live.flatMap((region) =>
      region.row.serves.map((place, index) => ({ region, index, place: JSON.stringify(place) })),
    );
    const fallback = places.filter(({ place }) => place === '"*"');
    const answering = zones.some(({ row }) => Object.keys(row?.answers ?? {}).length > 0);
    return [
      ...repeated(places, ({ place }) => place).map(
        ([{ region, index }, first]): Finding => ({
          path: [...region.path, "serves", index],
          message: `region "${first.region.name}" serves that already`,
        }),
      ),
      ...(answering && live.length > 0 && fallback.length === 0
        ? [
            {
              path: ["regions"],
              key: true,
              message: 'no live region serves "*": clients elsewhere would get no answer',
            },
          ]
        : []),
    ];
  },
};

const authorityNeeded: Rule = {
  id: "authority-needed",
  find: ({ raw, hosts }: Parts) => {
    if (raw.authority !== undefined) return [];
    const needs = hosts.find(({ row }) => row.roles.includes("database") || row.roles.includes("cache"));
    return needs
      ? [
          {
            path: [...needs.path, "roles"],
            message: `host "${needs.name}" speaks TLS from the private CA, and the file has no section "authority"`,
          },
        ]
      : [];
  },
};

export const hostRules: readonly Rule[] = [
  hostDuplicate,
  privateAddress,
  overcommit,
  regionCache,
  edgeRelay,
  databaseQuorum,
  backupElsewhere,
  serves,
  authorityNeeded,
];
