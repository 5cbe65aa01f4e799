// What a cluster's settings must hold before anything is rendered; each rule by its id.

export interface ClusterSettings {
  readonly hosts: number;
  readonly patroni: Readonly<Record<string, string | number | boolean>>;
  readonly postgresql: Readonly<Record<string, string | number | boolean>>;
}

/** Dynamic settings of Patroni 3.0, with their least values (Patroni, "Dynamic configuration settings"). */
const DYNAMIC: Readonly<Record<string, number | undefined>> = {
  ttl: 20,
  loop_wait: 1,
  retry_timeout: 3,
  maximum_lag_on_failover: 0,
  primary_start_timeout: 0,
  failsafe_mode: undefined,
  synchronous_mode: undefined,
  synchronous_mode_strict: undefined,
  synchronous_node_count: 1,
};
const OWNED = [
  "listen_addresses",
  "port",
  "hot_standby",
  "archive_command",
  "archive_mode",
  "ssl",
  "ssl_cert_file",
  "ssl_key_file",
  "ssl_ca_file",
  "wal_level",
  "wal_log_hints",
  "password_encryption",
];

type Rule = (settings: ClusterSettings) => readonly (string | false)[];

const rules: Readonly<Record<string, Rule>> = {
  "closed-keys": ({ patroni }) =>
    Object.keys(patroni).map(
      (key) =>
        !(key in DYNAMIC) &&
        `patroni setting "${key}" is not known; known are ${Object.keys(DYNAMIC).join(", ")}`,
    ),
  "ttl-budget": ({ patroni }) => {
    const value = (key: string, fallback: number) => Number(patroni[key] ?? fallback);
    const needed = value("loop_wait", 10) + 2 * value("retry_timeout", 10);
    return [
      ...Object.entries(patroni).map(
        ([key, given]) =>
          DYNAMIC[key] !== undefined &&
          !(Number(given) >= (DYNAMIC[key] as number)) &&
          `patroni setting ${key} ${given} must be at least ${DYNAMIC[key]}`,
      ),
      value("ttl", 30) < needed &&
        `patroni ttl ${value("ttl", 30)} must be at least loop_wait + 2 × retry_timeout, which is ${needed}: a leader would lose its lock in one slow round`,
    ];
  },
  "etcd-quorum": ({ hosts }) => [
    ![3, 5, 7].includes(hosts) &&
      `a cluster has 3, 5 or 7 members, so that a majority survives a loss; found ${hosts}`,
  ],
  "owned-guc": ({ postgresql }) =>
    Object.keys(postgresql).map(
      (key) => OWNED.includes(key) && `postgresql setting "${key}" is the cluster's own to set`,
    ),
  "guc-typed": ({ postgresql }) =>
    Object.entries(postgresql).map(([key, value]) =>
      !/^[a-z_.]+$/.test(key)
        ? `postgresql setting "${key}" is no name`
        : key === "max_connections" &&
          !(Number(value) >= 25 && Number(value) <= 10_000) &&
          `postgresql setting max_connections ${value} must be 25 to 10000`,
    ),
  "sync-members": ({ patroni, hosts }) => [
    Number(patroni.synchronous_node_count ?? 1) >= hosts &&
      `synchronous_node_count ${patroni.synchronous_node_count} leaves no member to lose of ${hosts}`,
  ],
};

/** All that is wrong, with the rule that says so. */
export function clusterFaults(settings: ClusterSettings): string[] {
  return Object.entries(rules).flatMap(([id, rule]) =>
    rule(settings)
      .filter((reason): reason is string => typeof reason === "string")
      .map((reason) => `${reason} [${id}]`),
  );
}
