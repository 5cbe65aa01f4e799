// Maps the platform's database section to the cluster of its region.
import type { Construct } from "constructs";
import type { Member } from "../constructs/database/etcd.ts";
import { PatroniCluster } from "../constructs/database/patroni-cluster.ts";
import type { Host } from "../constructs/host/host.ts";
import type { Authority } from "../constructs/tls/certificate.ts";
import type { Platform } from "../platform/schema.ts";

export interface DatabaseMapping {
  readonly database: NonNullable<Platform["database"]>;
  readonly authority: Authority;
  readonly members: readonly Host[];
  /** Members that are dead. */
  readonly lost: readonly Member[];
  /** Hosts that reach it besides its members, each through an HAProxy of its own. */
  readonly clients: readonly Host[];
  readonly backup: Host;
}

export function addDatabase(
  scope: Construct,
  { database, authority, members, lost, clients, backup }: DatabaseMapping,
): void {
  new PatroniCluster(scope, "database", {
    hosts: members,
    lost,
    name: database.name,
    clients,
    authority,
    passwords: database.passwords,
    backup: { repository: backup, at: database.backup.at, retention: database.backup.retention },
    patroni: database.patroni,
    postgresql: database.postgresql,
  });
}
