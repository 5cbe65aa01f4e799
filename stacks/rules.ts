// What the constructs would refuse, said as rules of the platform file: so that each fault has its place there.
import { maxmemoryFault } from "../constructs/cache/memory.ts";
import { databaseNameFault } from "../constructs/database/name.ts";
import { type ClusterSettings, clusterRules, type SettingReason } from "../constructs/database/rules.ts";
import { settingFault } from "../constructs/edge/settings.ts";
import { hostsFault } from "../constructs/host/planned.ts";
import { memoryFault } from "../constructs/host/size.ts";
import { capacityFault, listenersPerHost } from "../constructs/relay/capacity.ts";
import { commonNameFault } from "../constructs/tls/common-name.ts";
import { cache } from "../platform/cache.ts";
import { counted, type Parts, read, staying } from "../platform/parts.ts";
import { relay } from "../platform/relay.ts";
import { rows, texts } from "../platform/rows.ts";
import { databaseQuorum } from "../platform/rules/clusters.ts";
import { type Finding, listed, type Rule } from "../platform/rules/rule.ts";

type Scalar = string | number | boolean;

/** The settings of a tool, as far as they have the form of settings. */
function settingsOf(value: unknown): Record<string, Scalar> {
  const scalar = (entry: [string, unknown]): entry is [string, Scalar] =>
    ["string", "number", "boolean"].includes(typeof entry[1]);
  return Object.fromEntries(Object.entries(rows(value)).filter(scalar));
}

const found = (path: Finding["path"], message: string | undefined): Finding[] =>
  message === undefined ? [] : [{ path, message }];

const nginxSetting: Rule = {
  id: "nginx-setting",
  find: ({ raw }) =>
    Object.entries(settingsOf(rows(raw.edge).nginx)).flatMap(([key, value]) =>
      found(["edge", "nginx", key], settingFault(key, value)),
    ),
};

const hostMemory: Rule = {
  id: "host-memory",
  find: ({ hosts }) =>
    hosts.flatMap(({ path, memory }) =>
      memory === undefined ? [] : found([...path, "memory"], memoryFault(memory)),
    ),
};

/** Of the hosts of one stack. */
const regionHosts: Rule = {
  id: "region-hosts",
  find: ({ regions }) =>
    regions.flatMap(({ path, hosts }) =>
      found([...path, "hosts"], hostsFault(hosts.map(({ name }) => name))).map((finding) => ({
        ...finding,
        key: true,
      })),
    ),
};

const cacheMemory: Rule = {
  id: "cache-memory",
  find: ({ raw, hosts }) => {
    const maxmemory = read(cache.shape.maxmemory, rows(raw.cache).maxmemory);
    if (maxmemory === undefined) return [];
    const [message] = hosts
      .filter(({ roles }) => roles.includes("cache"))
      .flatMap(({ name, memory }) =>
        memory === undefined ? [] : (maxmemoryFault(maxmemory, { name, memory }) ?? []),
      );
    return found(["cache", "maxmemory"], message);
  },
};

const capacityWorkers: Rule = {
  id: "capacity-workers",
  find: ({ raw, regions }) => {
    const workers = read(relay.shape.workers, rows(raw.relay).workers);
    return regions.flatMap(({ path, row, hosts }) => {
      const relays = staying(hosts).filter(({ roles }) => roles.includes("relay")).length;
      if (!row || workers === undefined || relays === 0) return [];
      const share = listenersPerHost(row.capacity.listeners, relays);
      return found([...path, "capacity", "listeners"], capacityFault(share, workers));
    });
  },
};

const certificateCommonName: Rule = {
  id: "certificate-common-name",
  find: ({ raw }) =>
    Object.entries(rows(raw.certificates)).flatMap(([key, row]) =>
      texts(rows(row).names)
        .slice(0, 1)
        .flatMap(([name, index]) => found(["certificates", key, "names", index], commonNameFault(name))),
    ),
};

const databaseName: Rule = {
  id: "database-name",
  find: ({ raw }) => {
    const { name } = rows(raw.database);
    return typeof name === "string" ? found(["database", "name"], databaseNameFault(name)) : [];
  },
};

/** Of the region that the database is in; what there is to say of the number of its hosts, the file's own rules say. */
function clusterSettings(parts: Parts): ClusterSettings {
  const { raw, regions } = parts;
  const { region, patroni, postgresql } = rows(raw.database);
  const home = regions.find(({ name }) => name === region);
  const known = home && counted(home.hosts) && databaseQuorum.find(parts).length === 0;
  const members = known ? home.hosts.filter(({ roles }) => roles.includes("database")) : [];
  return {
    hosts: members.length || 7,
    staying: staying(members).length || 7,
    patroni: settingsOf(patroni),
    postgresql: settingsOf(postgresql),
  };
}

const databaseRules = Object.entries(clusterRules).map(
  ([id, find]): Rule => ({
    id,
    find: (parts) =>
      find(clusterSettings(parts)).flatMap(({ at, message }: SettingReason) =>
        at ? found(["database", ...at], message) : [],
      ),
  }),
);

/** @param known releases that can be built or had */
function releaseKnown(known: readonly string[]): Rule {
  return {
    id: "release-known",
    find: ({ raw, regions }) => {
      const said = [
        { path: ["release"], release: raw.release },
        ...regions.map(({ name, path }) => ({
          path: [...path, "release"],
          release: rows(rows(raw.regions)[name]).release,
        })),
      ];
      return said.flatMap(({ path, release }) =>
        typeof release !== "string" || known.includes(release)
          ? []
          : found(path, `release ${JSON.stringify(release)} is not to be had; ${listed(known)}`),
      );
    },
  };
}

export function stackRules(releases: readonly string[]): readonly Rule[] {
  return [
    nginxSetting,
    hostMemory,
    regionHosts,
    cacheMemory,
    capacityWorkers,
    certificateCommonName,
    databaseName,
    ...databaseRules,
    releaseKnown(releases),
  ];
}
