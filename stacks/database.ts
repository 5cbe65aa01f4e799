// Maps the platform's database section to the cluster of its region.
import type { Construct } from "constructs";
import { PatroniCluster } from "../constructs/database/patroni-cluster.ts";
import type { Host } from "../constructs/host/host.ts";
import type { Authority } from "../constructs/tls/certificate.ts";
import type { Platform } from "../platform/schema.ts";

export interface DatabaseMapping {
  readonly database: NonNullable<Platform["database"]>;
  readonly authority: Authority;
  readonly members: readonly Host[];
  /** Hosts that reach it besides its members, each through an HAProxy of its own. */
  readonly clients: readonly Host[];
  readonly backup: Host;
}

export function addDatabase(
  scope: Construct,
  { database, authority, members, clients, backup }: DatabaseMapping,
): void {
  new PatroniCluster(scope, "database", {
    hosts: members,
    name: database.name,
    clients,
    authority,
    passwords: database.passwords,
    backup: { repository: backup, at: database.backup.at, retention: database.backup.retention },
    patroni: database.patroni,
    postgresql: database.postgresql,
  });
}
