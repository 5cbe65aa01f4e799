// pgBackRest: the members archive their WAL to a repository on another host, which takes the base backups.
import { Construct } from "constructs";
import { print } from "../../templates/pgbackrest/print.ts";
import { shell } from "../../templates/shell/print.ts";
import { print as printUnit } from "../../templates/systemd/print.ts";
import type { Host } from "../host/host.ts";
import { InvalidProps } from "../invalid-props.ts";
import { AUTHORITY_FILE } from "../tls/authority-file.ts";
import { type Authority, Certificate } from "../tls/certificate.ts";
import type { Member } from "./etcd.ts";
import { dataDirectory, PATRONI_TLS } from "./patroni.ts";

export interface BackupProps {
  readonly cluster: string;
  readonly members: readonly { readonly host: Host; readonly member: Member }[];
  /** Keeps the repository; no member of the cluster. */
  readonly repository: Host;
  readonly authority: Authority;
  /** Time of day of the nightly base backup, in UTC. */
  readonly at: string;
  /** Base backups that are kept, with the WAL since the oldest. */
  readonly retention: number;
}

const FILE = "/etc/pgbackrest.conf";
export const REPOSITORY = "/var/lib/pgbackrest";
const TLS = "/etc/pgbackrest/tls";

export class Backup extends Construct {
  constructor(scope: Construct, id: string, props: BackupProps) {
    super(scope, id);
    const { repository, members, cluster } = props;
    const address = repository.props.privateAddress ?? "";
    InvalidProps.throwIfAny(this, [
      address === "" && `host "${repository.name}" has no private address to receive backups on`,
      members.some(({ host }) => host === repository) &&
        `host "${repository.name}" would keep the backups of its own database`,
    ]);
    for (const { host, member } of members) {
      host.package(this, "pgbackrest");
      host.file(this, FILE, {
        content: memberFile(member.address, repository.name, address, cluster),
        owner: "postgres:postgres",
        mode: "0640",
      });
      host.unit(this, "pgbackrest.service", { restart: [FILE, `${PATRONI_TLS}/host.crt`, AUTHORITY_FILE] });
    }
    this.#repository(props, address);
  }

  #repository(
    { repository: host, members, cluster, authority, at, retention }: BackupProps,
    address: string,
  ): void {
    const reader = { folder: TLS, owner: "postgres:postgres" };
    const certificate = new Certificate(this, "backup", {
      host,
      // pgBackRest 2.45 looks for the address that it connects to among the DNS names, and nowhere else.
      names: [host.name, address],
      addresses: [address],
      usages: ["serverAuth", "clientAuth"],
      source: { privateCa: authority },
      readers: [reader],
    });
    host.package(this, "pgbackrest");
    host.directory(this, REPOSITORY, { mode: "0750", owner: "postgres:postgres" });
    host.file(this, FILE, {
      content: repositoryFile(
        members.map(({ member }) => member),
        address,
        cluster,
        retention,
      ),
      owner: "postgres:postgres",
      mode: "0640",
    });
    host.unit(this, "pgbackrest.service", { restart: [FILE, ...certificate.triggers(reader)] });
    const [service, timer] = [
      "/etc/systemd/system/soundstage-backup.service",
      "/etc/systemd/system/soundstage-backup.timer",
    ];
    host.file(this, service, {
      content: printUnit([
        ["Unit", [["Description", `Base backup of ${cluster}`]]],
        [
          "Service",
          [
            ["Type", "oneshot"],
            ["User", "postgres"],
            ["ExecStart", `/usr/bin/pgbackrest --stanza=${cluster} --type=full backup`],
            ["Nice", 10],
            ["IOSchedulingClass", "idle"],
          ],
        ],
      ]),
    });
    host.file(this, timer, {
      content: printUnit([
        ["Unit", [["Description", `Nightly base backup of ${cluster}`]]],
        [
          "Timer",
          [
            ["OnCalendar", `*-*-* ${at}:00 UTC`],
            ["RandomizedDelaySec", "10min"],
            ["Persistent", true],
          ],
        ],
        ["Install", [["WantedBy", "timers.target"]]],
      ]),
    });
    host.unit(this, "soundstage-backup.timer", { restart: [timer] });
    const pgbackrest = `setpriv --reuid=postgres --regid=postgres --init-groups pgbackrest --stanza=${cluster} --log-level-console=warn`;
    host.action(this, "backup-stanza", {
      when: "after",
      scope: "cluster",
      check: shell(`[ -s ${REPOSITORY}/archive/${cluster}/archive.info ] || exit 1`),
      // The cluster may still be electing its first leader.
      apply: shell(
        `for _ in $(seq 60); do`,
        `  if ${pgbackrest} stanza-create; then exit 0; fi`,
        "  sleep 2",
        "done",
        "exit 1",
      ),
    });
  }
}

function memberFile(address: string, repositoryName: string, repository: string, cluster: string): string {
  return print([
    [
      "global",
      Object.entries({
        "repo1-host": repository,
        "repo1-host-type": "tls",
        "repo1-host-ca-file": `${PATRONI_TLS}/ca.crt`,
        "repo1-host-cert-file": `${PATRONI_TLS}/host.crt`,
        "repo1-host-key-file": `${PATRONI_TLS}/host.key`,
        "tls-server-address": address,
        "tls-server-ca-file": `${PATRONI_TLS}/ca.crt`,
        "tls-server-cert-file": `${PATRONI_TLS}/host.crt`,
        "tls-server-key-file": `${PATRONI_TLS}/host.key`,
        "tls-server-auth": `${repositoryName}=${cluster}`,
        "compress-type": "zst",
        "log-level-file": "detail",
        "process-max": 2,
      }),
    ],
    [
      cluster,
      [
        ["pg1-path", dataDirectory(cluster)],
        ["pg1-socket-path", "/var/run/postgresql"],
      ],
    ],
  ]);
}

function repositoryFile(
  members: readonly Member[],
  address: string,
  cluster: string,
  retention: number,
): string {
  const hosts = members.flatMap(({ address: member }, index): [string, string][] => {
    const pg = `pg${index + 1}`;
    return [
      [`${pg}-host`, member],
      [`${pg}-host-type`, "tls"],
      [`${pg}-host-ca-file`, `${TLS}/ca.crt`],
      [`${pg}-host-cert-file`, `${TLS}/host.crt`],
      [`${pg}-host-key-file`, `${TLS}/host.key`],
      [`${pg}-path`, dataDirectory(cluster)],
    ];
  });
  return print([
    [
      "global",
      [
        ...Object.entries({
          "repo1-path": REPOSITORY,
          "repo1-retention-full": retention,
          "start-fast": "y",
          "compress-type": "zst",
          "process-max": 2,
          "log-level-file": "detail",
          "tls-server-address": address,
          "tls-server-ca-file": `${TLS}/ca.crt`,
          "tls-server-cert-file": `${TLS}/host.crt`,
          "tls-server-key-file": `${TLS}/host.key`,
        }),
        // Who may ask for what: each member for this cluster alone.
        ...members.map(({ name }): [string, string] => ["tls-server-auth", `${name}=${cluster}`]),
      ],
    ],
    [cluster, hosts],
  ]);
}
