// A cluster of three members with its backup host and one client, for tests.
import type { Construct } from "constructs";
import { PatroniCluster, type PatroniClusterProps } from "../../../constructs/database/patroni-cluster.ts";
import { Host } from "../../../constructs/host/host.ts";
import type { HostProps } from "../../../constructs/host/props.ts";
import { AUTHORITY, MACHINE, stack } from "../hosts.ts";

export interface ClusterHosts {
  /** Three members, the backup host, one client. */
  readonly names: readonly string[];
  /** Host → what it has otherwise than the others. */
  readonly unlike: Readonly<Record<string, Partial<HostProps>>>;
}

/** Name → host, each with what it was asked for. */
export function cluster(
  props: Partial<PatroniClusterProps> = {},
  { names = ["db-1", "db-2", "db-3", "backup-1", "edge-1"], unlike = {} }: Partial<ClusterHosts> = {},
): (name: string) => Host {
  const scope = stack();
  const hosts = names.map(
    (name, index) =>
      new Host(scope, name, { ...MACHINE, privateAddress: `10.0.0.${index + 1}`, ...unlike[name] }),
  );
  addCluster(scope, hosts, {
    clients: hosts.slice(4),
    patroni: { ttl: 20, loop_wait: 5, retry_timeout: 5 },
    ...props,
  });
  return (name) => hosts.find((host) => host.name === name) as Host;
}

/** @param hosts three members, and the backup host */
export function addCluster(
  scope: Construct,
  hosts: readonly Host[],
  props: Partial<PatroniClusterProps> & Pick<PatroniClusterProps, "clients">,
): void {
  const secret = (env: string) => ({ env, version: 1 });
  new PatroniCluster(scope, "cluster", {
    hosts: hosts.slice(0, 3),
    name: "music",
    authority: AUTHORITY,
    passwords: {
      superuser: secret("A"),
      replication: secret("B"),
      rewind: secret("C"),
      application: secret("D"),
    },
    backup: { repository: hosts[3] as Host, at: "02:30", retention: 7 },
    ...props,
  });
}
