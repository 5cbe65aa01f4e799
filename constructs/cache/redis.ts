// Redis as the region's cache and message bus: TLS on the private address, a password, bounded memory.
import { Construct } from "constructs";
import type { SecretRef } from "../../bundle/manifest.ts";
import { print } from "../../templates/redis/print.ts";
import { shell, word } from "../../templates/shell/print.ts";
import { print as printUnit } from "../../templates/systemd/print.ts";
import { attended } from "../host/attended.ts";
import type { Host } from "../host/host.ts";
import { InvalidProps } from "../invalid-props.ts";
import { KernelTuning } from "../kernel/kernel-tuning.ts";
import { type Authority, Certificate } from "../tls/certificate.ts";
import { maxmemoryFault } from "./memory.ts";

export interface RedisProps {
  readonly host: Host;
  readonly authority: Authority;
  readonly password: SecretRef;
  /** MiB. */
  readonly maxmemory: number;
  /** What goes when memory is full. @default "allkeys-lru" */
  readonly policy?: string;
}

export const REDIS_DATA = "/var/lib/redis";
const CONFIG = "/etc/redis/redis.conf";
const PASSWORD = "/etc/redis/password.conf";
const CLIENT_PASSWORD = "/etc/soundstage/secrets/redis";
const TLS = "/etc/redis/tls";
const DROP_IN = "/etc/systemd/system/redis-server.service.d/soundstage.conf";

export class Redis extends Construct {
  readonly address: string;
  /** For TLS, on the private address; there is no other. */
  readonly port = 6379;

  constructor(scope: Construct, id: string, props: RedisProps) {
    super(scope, id);
    const { host, maxmemory } = props;
    this.address = host.props.privateAddress ?? "";
    InvalidProps.throwIfAny(this, [
      this.address === "" && `host "${host.name}" has no private address for Redis to listen on`,
      maxmemoryFault(maxmemory, { name: host.name, memory: host.props.memory }),
    ]);
    const reader = { folder: TLS, owner: "redis:redis" };
    const certificate = new Certificate(this, "redis", {
      host,
      names: [host.name],
      addresses: [this.address, "127.0.0.1"],
      source: { privateCa: props.authority },
      readers: [reader],
    });
    // A background save forks: without overcommit it fails while memory is half free.
    new KernelTuning(this, "kernel", {
      host,
      keys: { "vm.overcommit_memory": 1, "net.core.somaxconn": 65_535 },
    });
    host.package(this, "redis-server", "redis-tools");
    attended(this, host, {
      packages: ["redis-server", "redis-tools"],
      units: ["redis-server.service"],
    });
    host.file(this, CONFIG, {
      content: this.#config(maxmemory, props.policy ?? "allkeys-lru"),
      mode: "0640",
      owner: "root:redis",
    });
    host.secret(this, PASSWORD, {
      parts: ['requirepass "', props.password, '"\n'],
      mode: "0640",
      owner: "root:redis",
    });
    host.secret(this, CLIENT_PASSWORD, { parts: [props.password, "\n"] });
    host.file(this, DROP_IN, {
      content: printUnit([
        [
          "Service",
          [
            ["LimitNOFILE", 65_536],
            ["Restart", "on-failure"],
          ],
        ],
      ]),
    });
    host.check(this, "redis", { command: this.#check(), paths: [CONFIG, PASSWORD] });
    host.unit(this, "redis-server.service", {
      restart: [CONFIG, PASSWORD, DROP_IN, ...certificate.triggers(reader)],
    });
    const cli = `redis-cli --tls --cacert ${TLS}/ca.crt -h ${this.address} -p ${this.port}`;
    host.probe(this, "redis", {
      // The password goes over stdin: arguments and environments are shown.
      command: shell(
        `answer=$(printf 'AUTH "%s"\\nPING\\n' "$(cat ${word(CLIENT_PASSWORD)})" | ${cli} | tail -n 1)`,
        '[ "$answer" = PONG ]',
      ),
      seconds: 20,
    });
  }

  #config(maxmemory: number, policy: string): string {
    return `# Written by Soundstage.\n${print([
      ["bind", this.address, "127.0.0.1"],
      ["protected-mode", "yes"],
      ["port", 0],
      ["tls-port", this.port],
      ["tls-cert-file", `${TLS}/host.crt`],
      ["tls-key-file", `${TLS}/host.key`],
      ["tls-ca-cert-file", `${TLS}/ca.crt`],
      // Clients prove themselves by the password; certificates are for the servers.
      ["tls-auth-clients", "no"],
      ["tls-protocols", "TLSv1.2 TLSv1.3"],
      ["include", PASSWORD],
      ["maxmemory", `${maxmemory}mb`],
      ["maxmemory-policy", policy],
      ["save", ""],
      ["appendonly", "no"],
      ["tcp-backlog", 511],
      ["tcp-keepalive", 60],
      ["timeout", 0],
      ["dir", REDIS_DATA],
      ["logfile", "/var/log/redis/redis-server.log"],
      ["daemonize", "no"],
      ["supervised", "systemd"],
      ["rename-command", "DEBUG", ""],
      ["rename-command", "KEYS", ""],
    ])}`;
  }

  /** Redis has no dry run: it is started with the staged files, on a socket of its own and no port, and asked to end. */
  #check(): string {
    return shell(
      "folder=$(mktemp -d)",
      'chown redis: "$folder"',
      `timeout 10 setpriv --reuid=redis --regid=redis --init-groups redis-server ${CONFIG} --tls-port 0 --port 0 --unixsocket "$folder/socket" --dir "$folder" --logfile "" --supervised no --pidfile "" >"$folder/output" 2>&1 &`,
      "pid=$!",
      'for _ in $(seq 50); do [ ! -S "$folder/socket" ] || break; kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done',
      'if [ -S "$folder/socket" ]; then code=0; else code=1; cat "$folder/output"; fi',
      'kill "$pid" 2>/dev/null || true',
      'rm -rf "$folder"',
      'exit "$code"',
    );
  }
}
