// Patroni 3.0 of Debian 12: its local file, and the settings that the whole cluster shares.
import type { Tree } from "../../templates/patroni/print.ts";
import { bracketed, single } from "../address.ts";
import type { Member } from "./etcd.ts";
import type { Sizing } from "./sizing.ts";

export interface PatroniProps {
  readonly self: Member;
  readonly members: readonly Member[];
  /** Name of the cluster, of its data directory and of its backups. */
  readonly cluster: string;
  readonly database: string;
  /** Private addresses whose clients may log in as the application. */
  readonly clients: readonly string[];
  readonly sizing: Sizing;
  readonly patroni: Readonly<Record<string, string | number | boolean>>;
  readonly postgresql: Readonly<Record<string, string | number | boolean>>;
  readonly watchdog: "automatic" | "off";
}

/** Patroni merges what lies there, by name (its documentation, "Patroni configuration"); Debian's own files lie above. */
export const PATRONI_FOLDER = "/etc/patroni/conf.d";
export const PATRONI_FILE = `${PATRONI_FOLDER}/10-member.yml`;
export const PATRONI_TLS = "/etc/patroni/tls";
/** Patroni writes its passwords into it, for PostgreSQL to log in elsewhere. */
export const PASSFILE = "/var/lib/postgresql/.pgpass-patroni";
export const DCS_FILE = "/etc/patroni/dcs.json";
/** Parameters of each member that hang on its files; a cluster's settings would override them. */
const LOCAL = {
  unix_socket_directories: "/var/run/postgresql",
  ssl: "on",
  ssl_cert_file: `${PATRONI_TLS}/host.crt`,
  ssl_key_file: `${PATRONI_TLS}/host.key`,
  ssl_ca_file: `${PATRONI_TLS}/ca.crt`,
  ssl_min_protocol_version: "TLSv1.3",
};
/** Parameters of the cluster that replicas, backups and passwords hang on. */
const SHARED = {
  wal_level: "replica",
  wal_log_hints: "on",
  archive_mode: "on",
  password_encryption: "scram-sha-256",
};
/** Parameters that are nobody else's to set; the last ones Patroni sets itself (Patroni, "PostgreSQL parameters controlled by Patroni"). */
export const OWNED: readonly string[] = [
  ...Object.keys(LOCAL),
  ...Object.keys(SHARED),
  "archive_command",
  "cluster_name",
  "hot_standby",
  "listen_addresses",
  "port",
];
export const dataDirectory = (cluster: string): string => `/var/lib/postgresql/15/${cluster}`;

/** Settings of the cluster as a whole: read once at its birth, and kept so by an action afterwards. */
export function dcs({
  patroni,
  postgresql,
  sizing,
  cluster,
}: Pick<PatroniProps, "patroni" | "postgresql" | "sizing" | "cluster">): { readonly [key: string]: Tree } {
  return {
    ttl: 30,
    loop_wait: 10,
    retry_timeout: 10,
    maximum_lag_on_failover: 1_048_576,
    primary_start_timeout: 25,
    failsafe_mode: true,
    synchronous_mode: true,
    ...patroni,
    postgresql: {
      use_pg_rewind: true,
      use_slots: true,
      parameters: {
        max_connections: 200,
        max_worker_processes: 8,
        max_locks_per_transaction: 64,
        max_wal_senders: 10,
        max_replication_slots: 10,
        wal_keep_size: "128MB",
        // A replica that is gone must not fill the leader's disk.
        max_slot_wal_keep_size: "2GB",
        archive_timeout: "60s",
        archive_command: `pgbackrest --stanza=${cluster} archive-push %p`,
        ...SHARED,
        ...sizing,
        ...postgresql,
      },
    },
  };
}

export function patroniTree(props: PatroniProps): { readonly [key: string]: Tree } {
  const { self, members, cluster, clients } = props;
  const tls = (file: string) => `${PATRONI_TLS}/${file}`;
  const verified = { sslmode: "verify-full", sslrootcert: tls("ca.crt") };
  const own = bracketed(self.address);
  const hosts = members.map(({ address }) => address);
  const hba = [
    "local all all peer",
    ...hosts.flatMap((address) => [
      `hostssl replication replicator ${single(address)} scram-sha-256`,
      `hostssl all rewind_user ${single(address)} scram-sha-256`,
      `hostssl all postgres ${single(address)} scram-sha-256`,
    ]),
    ...[...new Set([...hosts, ...clients])].map(
      // Quoted, a name such as "all" means a database of that name (PostgreSQL 15, 21.1, "The pg_hba.conf File").
      (address) => `hostssl "${props.database}" application ${single(address)} scram-sha-256`,
    ),
  ];
  return {
    scope: cluster,
    namespace: "/service/",
    name: self.name,
    restapi: {
      listen: `${own}:8008`,
      connect_address: `${own}:8008`,
      certfile: tls("host.crt"),
      keyfile: tls("host.key"),
      cafile: tls("ca.crt"),
      verify_client: "optional",
    },
    ctl: { cacert: tls("ca.crt"), certfile: tls("host.crt"), keyfile: tls("host.key") },
    etcd3: {
      hosts: hosts.map((address) => `${bracketed(address)}:2379`),
      protocol: "https",
      cacert: tls("ca.crt"),
      cert: tls("host.crt"),
      key: tls("host.key"),
    },
    bootstrap: {
      dcs: dcs(props),
      initdb: [{ encoding: "UTF8" }, { locale: "C.UTF-8" }, "data-checksums"],
      pg_hba: hba,
    },
    postgresql: {
      listen: `${own},127.0.0.1:5432`,
      connect_address: `${own}:5432`,
      data_dir: dataDirectory(cluster),
      bin_dir: "/usr/lib/postgresql/15/bin",
      config_dir: dataDirectory(cluster),
      // A new member is copied at once, not when the leader's next checkpoint comes.
      basebackup: [{ checkpoint: "fast" }],
      pgpass: PASSFILE,
      use_unix_socket: true,
      // Passwords lie beside this file, in one that only its user reads.
      authentication: {
        superuser: { username: "postgres", ...verified },
        replication: { username: "replicator", ...verified },
        rewind: { username: "rewind_user", ...verified },
      },
      parameters: LOCAL,
      pg_hba: hba,
    },
    watchdog: { mode: props.watchdog },
    tags: { nofailover: false, noloadbalance: false, clonefrom: false, nosync: false },
  };
}
