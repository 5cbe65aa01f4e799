// What must hold between the hosts of a region and the sections that say what runs on them.

import type { Role } from "../host.ts";
import { counted, type HostPart, type Parts, staying } from "../parts.ts";
import { rows } from "../rows.ts";
import { type Finding, listed, type Rule } from "./rule.ts";

const withRole = (hosts: readonly HostPart[], role: Role) =>
  hosts.filter(({ roles }) => roles.includes(role));
const quoted = (hosts: readonly HostPart[]) => hosts.map(({ name }) => `"${name}"`).join(" and ");
const databaseRegion = ({ raw }: Parts): string | undefined => {
  const { region } = rows(raw.database);
  return typeof region === "string" ? region : undefined;
};

/** The one that retires, and whose role no other host of these takes over. */
export function lastOf(hosts: readonly HostPart[], role: Role, others: number): Finding | undefined {
  const [leaving] = withRole(hosts, role).filter(({ retire }) => retire);
  if (others > 0 || !leaving) return undefined;
  return {
    path: [...leaving.path, "retire"],
    message: `host "${leaving.name}" is the last of region "${leaving.region}" with the role ${role}, which is needed there: give another host the role ${role} first`,
  };
}

/** A host with this role needs this section. */
function section(role: Role, name: string): Rule {
  return {
    id: `${name}-section`,
    find: ({ raw, hosts }) => {
      const [first] = withRole(hosts, role);
      if (!first || raw[name] !== undefined) return [];
      const message = `host "${first.name}" has the role ${role}, and the file has no section "${name}"`;
      return [{ path: [...first.path, "roles"], message }];
    },
  };
}

const cacheOne: Rule = {
  id: "cache-one",
  find: ({ regions }) =>
    regions
      .filter(({ hosts }) => {
        const caches = withRole(staying(hosts), "cache").length;
        return caches > 1 || (caches === 0 && counted(hosts) && withRole(staying(hosts), "relay").length > 0);
      })
      .map(({ path, name, hosts }) => {
        const caches = withRole(staying(hosts), "cache").length;
        const message = `expected one host with the role cache in region "${name}", which joins its relays, found ${caches}`;
        return lastOf(hosts, "cache", caches) ?? { path, key: true, message };
      }),
};

const databaseHome: Rule = {
  id: "database-region",
  find: (parts) => {
    const named = databaseRegion(parts);
    if (named === undefined) return [];
    if (!parts.regions.some(({ name }) => name === named)) {
      const known = listed(parts.regions.map(({ name }) => name));
      return [{ path: ["database", "region"], message: `there is no region "${named}"; ${known}` }];
    }
    return (["database", "backup"] as const).flatMap((role) =>
      withRole(parts.hosts, role)
        .filter(({ region }) => region !== named)
        .map(({ path, region }) => ({
          path: [...path, "roles"],
          message: `${role} hosts are in region "${named}", as database.region says, and this one is in "${region}"`,
        })),
    );
  },
};

/**
 * etcd, FAQ, "What is failure tolerance?": a majority must survive, of the members that there are: a new host can not
 * vote before it has joined. Which rows are new, the file does not say. But where no more hosts stay, new ones
 * included, than there were members, those that are lost were a minority if two times as many and one more stay.
 */
export const databaseQuorum: Rule = {
  id: "database-quorum",
  find: (parts) => {
    const home = parts.regions.find(({ name }) => name === databaseRegion(parts));
    if (!home || !counted(home.hosts)) return [];
    const members = withRole(home.hosts, "database");
    const [count, stay] = [members.length, staying(members).length];
    const leaving = members.filter(({ retire }) => retire);
    if (leaving.length > 0 && stay * 2 <= count) {
      return leaving.slice(-1).map(({ path }) => ({
        path: [...path, "retire"],
        message: `${quoted(leaving)} would leave ${stay} of ${count} hosts with the role database, which is no majority: retire fewer at once, or give other hosts the role first`,
      }));
    }
    const lost = leaving.filter(({ retire }) => retire === "lost");
    const least = lost.length * 2 + 1;
    if (lost.length > 1 && stay < least) {
      return lost.slice(-1).map(({ path }) => ({
        path: [...path, "retire"],
        message: `${quoted(lost)} are lost at once, and ${stay} hosts with the role database stay: of a cluster of three that is no majority, and new hosts can not vote before they have joined. Say so of one of them, deploy, and then of the next, or give new hosts the role until ${least} stay; where they were no minority, restore a backup`,
      }));
    }
    if ([3, 5, 7].includes(count) || [3, 5, 7].includes(stay)) return [];
    const message = `expected 3, 5 or 7 hosts with the role database in region "${home.name}", so that a majority survives a loss, found ${count}`;
    return [{ path: ["database", "region"], message }];
  },
};

const backupElsewhere: Rule = {
  id: "backup-elsewhere",
  find: (parts): Finding[] => {
    const home = parts.regions.find(({ name }) => name === databaseRegion(parts));
    const own = withRole(parts.hosts, "backup")
      .filter(({ roles }) => roles.includes("database"))
      .map(({ path, name }) => ({
        path: [...path, "roles"],
        message: `host "${name}" would keep the backups of its own database: give the role backup to a host without one`,
      }));
    const keepers = home && counted(home.hosts) ? withRole(staying(home.hosts), "backup").length : 1;
    if (!home || keepers === 1) return own;
    const last = lastOf(home.hosts, "backup", keepers);
    if (last) return [...own, last];
    const message = `expected one host with the role backup in region "${home.name}", found ${keepers}`;
    return [...own, { path: home.path, key: true, message }];
  },
};

/** Clusters speak TLS from the private CA, and a certificate may ask for it. */
const authorityNeeded: Rule = {
  id: "authority-section",
  find: ({ raw, hosts }) => {
    if (raw.authority !== undefined) return [];
    const [first] = hosts.filter(({ roles }) => roles.includes("database") || roles.includes("cache"));
    const asking = Object.entries(rows(raw.certificates)).filter(
      ([, row]) => rows(rows(row).source)["private-ca"] !== undefined,
    );
    return [
      ...(first
        ? [
            {
              path: [...first.path, "roles"],
              message: `host "${first.name}" speaks TLS from the private CA, and the file has no section "authority"`,
            },
          ]
        : []),
      ...asking.map(([name]) => ({
        path: ["certificates", name, "source"],
        message: `certificate "${name}" is signed by the private CA, and the file has no section "authority"`,
      })),
    ];
  },
};

export const clusterRules: readonly Rule[] = [
  section("edge", "edge"),
  section("cache", "cache"),
  section("database", "database"),
  section("backup", "database"),
  cacheOne,
  databaseHome,
  databaseQuorum,
  backupElsewhere,
  authorityNeeded,
];
