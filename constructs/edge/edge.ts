// nginx of an edge host: the whole set of its files, its unit and its checks.
import { Construct } from "constructs";
import { type Directive, print } from "../../templates/nginx/print.ts";
import { shell } from "../../templates/shell/print.ts";
import { print as printUnit } from "../../templates/systemd/print.ts";
import type { Host } from "../host/host.ts";
import { InvalidProps } from "../invalid-props.ts";
import type { Certificate } from "../tls/certificate.ts";
import { nameHash } from "./name-hash.ts";
import { placed, type Settings, settingFault } from "./settings.ts";
import { servers, upstream } from "./site.ts";
import { TLS_POLICY, tlsPolicy } from "./tls-policy.ts";

export interface EdgeProps {
  readonly host: Host;
  /** Names that it answers to; every other is rejected in the handshake. */
  readonly names: readonly string[];
  readonly certificate: Certificate;
  /** Loopback ports of the relay's workers on this host. */
  readonly ports: readonly number[];
  /** nginx's own settings; see `SETTING_NAMES`. @default {} */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** Listen on IPv6 too. @default false */
  readonly ipv6?: boolean;
}

const MAIN = "/etc/nginx/nginx.conf";
const SITE = "/etc/nginx/soundstage/site.conf";
const UPSTREAMS = "/etc/nginx/soundstage/upstream_health.json";
const DROP_IN = "/etc/systemd/system/nginx.service.d/soundstage.conf";

const LOG_FORMAT = `{${[
  '"time":"$time_iso8601"',
  '"address":"$remote_addr"',
  '"host":"$host"',
  '"request":"$request"',
  '"status":$status',
  '"bytes":$body_bytes_sent',
  '"seconds":$request_time',
  '"upstream":"$upstream_addr"',
  '"agent":"$http_user_agent"',
].join(",")}}`;

export class Edge extends Construct {
  constructor(scope: Construct, id: string, props: EdgeProps) {
    super(scope, id);
    const { host, certificate, ports } = props;
    const given = props.settings ?? {};
    InvalidProps.throwIfAny(this, [
      props.names.length === 0 && "an edge needs at least one name",
      ports.length === 0 && "an edge needs at least one relay worker behind it",
      ...Object.entries(given).map(([key, value]) => settingFault(key, value)),
    ]);
    const { main, events, http } = placed(given);
    const connections = Number(events.find(([key]) => key === "worker_connections")?.[1]);
    const nofile = 2 * connections + 1024;
    // A name of its own may be one of the platform's as well.
    const names = [...new Set(props.names)];
    host.package(this, "nginx-light");
    host.file(this, MAIN, { content: mainFile({ main, events, http, names, nofile }) });
    host.file(this, SITE, {
      content: print([
        upstream(ports),
        ...servers({ names, certificate: certificate.paths, ports, ipv6: props.ipv6 ?? false }),
      ]),
    });
    const asked = {
      upstream: "relay",
      servers: ports.map((port) => ({ address: `127.0.0.1:${port}`, ask: `/upstream_health/${port}` })),
    };
    host.file(this, UPSTREAMS, { content: `${JSON.stringify(asked, null, 2)}\n` });
    host.file(this, DROP_IN, {
      content: printUnit([
        [
          "Service",
          [
            ["LimitNOFILE", nofile],
            ["Restart", "on-failure"],
            ["ProtectHome", true],
            ["PrivateTmp", true],
            ["ProtectKernelTunables", true],
            ["ProtectKernelModules", true],
            ["ProtectControlGroups", true],
            ["RestrictSUIDSGID", true],
            ["LockPersonality", true],
            ["NoNewPrivileges", true],
          ],
        ],
      ]),
    });
    host.check(this, "nginx", {
      command: shell(
        'output=$(nginx -t 2>&1) || { printf "%s\\n" "$output"; exit 1; }',
        'case $output in *"[warn]"*) printf "%s\\n" "$output"; exit 1 ;; esac',
      ),
      paths: [MAIN, SITE],
    });
    host.unit(this, "nginx.service", {
      restart: [DROP_IN],
      reload: [MAIN, SITE, UPSTREAMS, ...certificate.triggers()],
    });
    host.probe(this, "edge", {
      command: shell("systemctl is-active --quiet nginx", `[ -n "$(ss -Hltn 'sport = :443')" ]`),
      seconds: 10,
    });
  }
}

interface MainFile extends Settings {
  readonly names: readonly string[];
  /** Files that a worker may have open. */
  readonly nofile: number;
}

function mainFile({ main, events, http, names, nofile }: MainFile): string {
  const directives: Directive[] = [
    ["user", "www-data"],
    ["pid", "/run/nginx.pid"],
    ["error_log", "/var/log/nginx/error.log"],
    ...main,
    ["worker_rlimit_nofile", nofile],
    ["events", events],
    [
      "http",
      [
        ["include", "/etc/nginx/mime.types"],
        ["default_type", "application/octet-stream"],
        ["server_tokens", "off"],
        ["sendfile", "on"],
        ["tcp_nopush", "on"],
        ...http,
        ...nameHash(names),
        ["log_format", "json", "escape=json", LOG_FORMAT],
        ["access_log", "/var/log/nginx/access.log", "json"],
        ...tlsPolicy,
        [
          "map",
          "$http_upgrade",
          "$connection_upgrade",
          [
            ["default", "upgrade"],
            ["", ""],
          ],
        ],
        ["limit_conn_zone", "$binary_remote_addr", "zone=by_address:10m"],
        ["limit_req_zone", "$binary_remote_addr", "zone=handshakes:10m", "rate=60r/s"],
        ["include", SITE],
      ],
    ],
  ];
  return `# Written by Soundstage. TLS policy ${TLS_POLICY.name}: ${TLS_POLICY.link}\n${print(directives)}`;
}
