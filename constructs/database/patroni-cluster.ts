// A PostgreSQL cluster that elects its leader: etcd, Patroni and HAProxy on every member.
import { Construct } from "constructs";
import type { SecretRef } from "../../bundle/manifest.ts";
import { memberScript } from "../../templates/etcd/member.ts";
import { print } from "../../templates/patroni/print.ts";
import { shell } from "../../templates/shell/print.ts";
import { print as printUnit } from "../../templates/systemd/print.ts";
import { attended } from "../host/attended.ts";
import type { Host } from "../host/host.ts";
import { InvalidProps } from "../invalid-props.ts";
import { KernelTuning } from "../kernel/kernel-tuning.ts";
import { AUTHORITY_FILE, trustAuthority } from "../tls/authority-file.ts";
import { type Authority, Certificate } from "../tls/certificate.ts";
import { DatabaseAccess } from "./access.ts";
import { Backup } from "./backup.ts";
import {
  ETCD_DATA,
  ETCD_DROP_IN,
  ETCD_FILE,
  ETCD_MEMBER,
  ETCD_MEMBERS,
  ETCD_TLS,
  etcdDropIn,
  etcdFile,
  type Member,
  membersFile,
} from "./etcd.ts";
import { leaving, removal } from "./leaving.ts";
import { Migrations } from "./migrations.ts";
import { databaseNameFault } from "./name.ts";
import {
  DCS_FILE,
  dataDirectory,
  dcs,
  PASSFILE,
  PATRONI_FILE,
  PATRONI_FOLDER,
  PATRONI_TLS,
  patroniTree,
} from "./patroni.ts";
import { clusterFaults } from "./rules.ts";
import { dcsSettings, dropMain, fresh, gate, handover, leads } from "./scripts.ts";
import { OVERCOMMIT_RATIO, sizing } from "./sizing.ts";

export interface PatroniClusterProps {
  /** 3, 5 or 7. */
  readonly hosts: readonly Host[];
  /** Members that are dead: the others take them out. @default none */
  readonly lost?: readonly Member[];
  /** Name of the cluster and of its database. */
  readonly name: string;
  /** Hosts besides the members whose programs use the database. */
  readonly clients: readonly Host[];
  readonly authority: Authority;
  readonly passwords: {
    readonly superuser: SecretRef;
    readonly replication: SecretRef;
    readonly rewind: SecretRef;
    readonly application: SecretRef;
  };
  readonly backup: { readonly repository: Host; readonly at: string; readonly retention: number };
  /** Patroni's dynamic settings. @default failsafe and synchronous mode on, ttl 30, loop_wait 10, retry_timeout 10 */
  readonly patroni?: Readonly<Record<string, string | number | boolean>>;
  /** PostgreSQL's parameters. @default sized by the memory of the smallest member */
  readonly postgresql?: Readonly<Record<string, string | number | boolean>>;
}

const PASSWORDS = `${PATRONI_FOLDER}/20-passwords.yml`;
const PATRONI_DROP_IN = "/etc/systemd/system/patroni.service.d/soundstage.conf";

export class PatroniCluster extends Construct {
  readonly members: readonly Member[];
  readonly #props: PatroniClusterProps;

  constructor(scope: Construct, id: string, props: PatroniClusterProps) {
    super(scope, id);
    this.#props = props;
    const settings = {
      hosts: props.hosts.length + (props.lost?.length ?? 0),
      staying: props.hosts.filter(({ retires }) => !retires).length,
      patroni: props.patroni ?? {},
      postgresql: props.postgresql ?? {},
    };
    InvalidProps.throwIfAny(this, [
      databaseNameFault(props.name),
      ...clusterFaults(settings),
      ...props.hosts.map(
        ({ name, props: { privateAddress } }) =>
          !privateAddress && `host "${name}" has no private address for the cluster to listen on`,
      ),
      ...props.clients.map(
        ({ name, props: { privateAddress } }) =>
          !privateAddress && `host "${name}" has no private address to be known to the cluster by`,
      ),
    ]);
    this.members = props.hosts.map(({ name, props: { privateAddress } }) => ({
      name,
      address: privateAddress as string,
    }));
    for (const [index, host] of props.hosts.entries()) this.#member(host, this.members[index] as Member);
    for (const host of props.clients.filter((client) => !props.hosts.includes(client))) {
      new DatabaseAccess(this, `access-${host.name}`, {
        host,
        members: this.members,
        // No certificate of its own: with one it could speak to etcd, and to Patroni as a member does.
        ca: trustAuthority(host, props.authority),
      });
    }
    new Migrations(this, "migrations", {
      hosts: props.hosts,
      database: props.name,
      superuser: props.passwords.superuser,
      application: props.passwords.application,
      ca: AUTHORITY_FILE,
    });
    new Backup(this, "backup", {
      cluster: props.name,
      members: props.hosts.map((host, index) => ({ host, member: this.members[index] as Member })),
      repository: props.backup.repository,
      authority: props.authority,
      at: props.backup.at,
      retention: props.backup.retention,
    });
  }

  #member(host: Host, self: Member): void {
    const { lost = [] } = this.#props;
    const scope = new Construct(this, `member-${host.name}`);
    const etcdReader = { folder: ETCD_TLS, owner: "etcd:etcd" };
    const postgresReader = { folder: PATRONI_TLS, owner: "postgres:postgres" };
    host.package(
      this,
      "postgresql-15",
      "postgresql-client-15",
      "etcd-server",
      "etcd-client",
      "patroni",
      "python3-yaml",
    );
    host.action(this, "drop-main", { when: "prepare", scope: "host", ...dropMain });
    const certificate = new Certificate(scope, "database", {
      host,
      // The address is among the names for pgBackRest 2.45, which looks for it nowhere else.
      names: [self.name, "localhost", self.address],
      addresses: [self.address, "127.0.0.1"],
      usages: ["serverAuth", "clientAuth"],
      source: { privateCa: this.#props.authority },
      readers: [etcdReader, postgresReader],
    });
    new KernelTuning(scope, "kernel", {
      host,
      keys: { "vm.overcommit_memory": 2, "vm.overcommit_ratio": OVERCOMMIT_RATIO, "vm.swappiness": 1 },
    });
    host.file(this, ETCD_FILE, { content: etcdFile(self, this.#props.name) });
    host.file(this, ETCD_MEMBER, { content: memberScript(), mode: "0755" });
    host.file(this, ETCD_MEMBERS, { content: membersFile(this.members, lost) });
    host.file(this, ETCD_DROP_IN, { content: etcdDropIn() });
    this.#patroni(host, self);
    // Restarting these behind our back would cost a failover.
    for (const unit of ["apt-daily-upgrade.timer", "apt-daily.timer"])
      host.unit(this, unit, { state: "masked" });
    attended(this, host, {
      packages: ["etcd-server", "haproxy", "patroni", "postgresql-15"],
      units: ["etcd.service", "haproxy.service", "patroni.service"],
    });
    host.unit(this, "postgresql.service", { state: "stopped" });
    host.unit(this, "etcd.service", {
      restart: [ETCD_FILE, ETCD_DROP_IN, ...certificate.triggers(etcdReader)],
    });
    host.unit(this, "patroni.service", {
      restart: [PASSWORDS, PATRONI_DROP_IN],
      reload: [PATRONI_FILE, ...certificate.triggers(postgresReader)],
    });
    new DatabaseAccess(scope, "access", { host, members: this.members, ca: certificate.paths.ca });
    host.probe(this, "database", { command: gate(self.name), seconds: 120 });
    host.order(
      this,
      {
        group: "database",
        mode: "one-by-one",
        fresh: fresh(this.#props.name),
        leads: leads(self.name),
        handover: handover(self.name),
        gate: gate(self.name),
        gateSeconds: 120,
      },
      leaving(
        self,
        this.members.filter(({ name }) => name !== self.name),
      ),
    );
    for (const member of lost) host.action(this, `etcd-remove-${member.name}`, removal(member, this.members));
    host.produces(PASSFILE);
    for (const folder of [dataDirectory(this.#props.name), ETCD_DATA, `${ETCD_DATA}.left`]) host.data(folder);
  }

  #patroni(host: Host, self: Member): void {
    const { name, hosts, clients, passwords, patroni = {}, postgresql = {} } = this.#props;
    const connections = Number(postgresql.max_connections ?? 200);
    const memory = Math.min(...hosts.map(({ props }) => props.memory));
    const wanted = { patroni, postgresql, cluster: name, sizing: sizing(memory, connections) };
    const tree = patroniTree({
      ...wanted,
      self,
      members: this.members,
      database: name,
      clients: clients.map((client) => client.props.privateAddress as string),
      watchdog: host.kernel === "own" ? "automatic" : "off",
    });
    host.file(this, PATRONI_FILE, { content: print(tree), mode: "0640", owner: "root:postgres" });
    host.file(this, DCS_FILE, { content: `${JSON.stringify(dcs(wanted), null, 2)}\n` });
    const line = (user: string, secret: SecretRef) => [`    ${user}: {password: "`, secret, '"}\n'];
    host.secret(this, PASSWORDS, {
      owner: "postgres:postgres",
      parts: [
        "postgresql:\n  authentication:\n",
        ...line("superuser", passwords.superuser),
        ...line("replication", passwords.replication),
        ...line("rewind", passwords.rewind),
      ],
    });
    host.file(this, PATRONI_DROP_IN, {
      content: printUnit([
        [
          "Unit",
          [
            ["After", "etcd.service"],
            ["ConditionPathExists", ""],
            ["ConditionPathExists", PATRONI_FILE],
          ],
        ],
        [
          "Service",
          [
            ["ExecStart", ""],
            ["ExecStart", `/usr/bin/patroni ${PATRONI_FOLDER}`],
            ["Environment", "MALLOC_ARENA_MAX=1"],
            ["OOMScoreAdjust", -900],
            ["LimitNOFILE", 65_536],
          ],
        ],
      ]),
    });
    host.check(this, "patroni", { command: validate(), paths: [PATRONI_FILE, PASSWORDS] });
    host.action(this, "dcs-settings", { when: "after", scope: "cluster", ...dcsSettings });
  }
}

/** Whether ports are free and etcd answers depends on the moment, and is no fault of the file. */
function validate(): string {
  return shell(
    `output=$(setpriv --reuid=postgres --regid=postgres --init-groups patroni --validate-config ${PATRONI_FOLDER} 2>&1) || true`,
    `faults=$(printf '%s\\n' "$output" | grep -v -e 'is already in use' -e "didn't pass validation: .*[Cc]onnect" -e 'not reachable' -e 'Connection refused' -e "etcd" -e '^$' || true)`,
    '[ -z "$faults" ] || { printf "%s\\n" "$faults"; exit 1; }',
  );
}
