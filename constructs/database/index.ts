// soundstage/database: a PostgreSQL cluster under Patroni, with its backups.
export type { Member } from "./etcd.ts";
export { PatroniCluster, type PatroniClusterProps } from "./patroni-cluster.ts";
