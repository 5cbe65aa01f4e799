// HAProxy on a host, for its own programs alone: writes on 5000 go to the leader, reads on 5001 to the replicas.
import { Construct } from "constructs";
import { type Line, print } from "../../templates/haproxy/print.ts";
import { shell } from "../../templates/shell/print.ts";
import { bracketed } from "../address.ts";
import type { Host } from "../host/host.ts";
import type { Member } from "./etcd.ts";

export interface DatabaseAccessProps {
  readonly host: Host;
  readonly members: readonly Member[];
  /** File on this host with the authority that signed the members' certificates. */
  readonly ca: string;
}

const FILE = "/etc/haproxy/haproxy.cfg";
export const WRITES = 5000;
const READS = 5001;

export class DatabaseAccess extends Construct {
  constructor(scope: Construct, id: string, props: DatabaseAccessProps) {
    super(scope, id);
    const { host } = props;
    host.package(this, "haproxy");
    host.file(this, FILE, { content: haproxyFile(props) });
    host.check(this, "haproxy", { command: shell(`haproxy -c -q -f ${FILE}`), paths: [FILE] });
    host.unit(this, "haproxy.service", { reload: [FILE, props.ca] });
    host.probe(this, "database-access", {
      command: shell(`for port in ${WRITES} ${READS}; do [ -n "$(ss -Hltn "sport = :$port")" ]; done`),
      seconds: 15,
    });
  }
}

function haproxyFile({ members, ca }: DatabaseAccessProps): string {
  const servers = members.map(
    ({ name, address }): Line => ["server", name, `${bracketed(address)}:5432`, "verifyhost", name],
  );
  const checked: Line = [
    "default-server",
    ...[
      "inter",
      "1s",
      "fastinter",
      "500ms",
      "downinter",
      "1s",
      "fall",
      2,
      "rise",
      2,
      "check",
      "check-ssl",
      "verify",
      "required",
      "ca-file",
      ca,
      "port",
      8008,
      "on-marked-down",
      "shutdown-sessions",
    ],
  ];
  const listen = (port: number, path: string): Line[] => [
    // PostgreSQL takes whoever comes through here for this host: nobody else may.
    ["bind", `127.0.0.1:${port}`],
    ["option", "httpchk", "OPTIONS", path],
    ["http-check", "expect", "status", 200],
    checked,
    ...servers,
  ];
  return print([
    [
      "global",
      "",
      [
        ["maxconn", 2000],
        ["user", "haproxy"],
        ["group", "haproxy"],
        ["log", "/dev/log", "local0"],
        ["stats", "socket", "/run/haproxy/admin.sock", "mode", "660", "level", "admin"],
      ],
    ],
    [
      "defaults",
      "",
      [
        ["mode", "tcp"],
        ["log", "global"],
        ["timeout", "connect", "3s"],
        ["timeout", "client", "30m"],
        ["timeout", "server", "30m"],
        ["timeout", "check", "2s"],
      ],
    ],
    ["listen", "writes", listen(WRITES, "/primary")],
    ["listen", "reads", listen(READS, "/replica")],
  ]);
}
