// The music schema, brought to its newest version on the leader, once for the cluster.
import { Construct } from "constructs";
import type { SecretRef } from "../../bundle/manifest.ts";
import { shell, word } from "../../templates/shell/print.ts";
import { migrations } from "../../templates/sql/migrations.ts";
import { word as argument, print } from "../../templates/systemd/print.ts";
import type { Host } from "../host/host.ts";
import { WRITES } from "./access.ts";

export interface MigrationsProps {
  readonly hosts: readonly Host[];
  readonly database: string;
  readonly superuser: SecretRef;
  readonly application: SecretRef;
  /** File on the hosts with the authority that signed the members' certificates. */
  readonly ca: string;
}

const FOLDER = "/etc/soundstage/sql";
const SUPERUSER = "/etc/soundstage/secrets/pg-superuser";
const APPLICATION = "/etc/soundstage/secrets/pg-application";
const APPLIER = "/etc/soundstage/sql/apply.sh";
const PARTITIONS = "/etc/systemd/system/soundstage-partitions";

export class Migrations extends Construct {
  constructor(scope: Construct, id: string, props: MigrationsProps) {
    super(scope, id);
    for (const host of props.hosts) {
      for (const { name, text } of migrations()) host.file(this, `${FOLDER}/${name}`, { content: text });
      host.file(this, APPLIER, { content: applier(props.database, props.ca), mode: "0755" });
      host.secret(this, SUPERUSER, { parts: [props.superuser, "\n"] });
      host.secret(this, APPLICATION, { parts: [props.application, "\n"] });
      host.action(this, "migrations", {
        when: "after",
        scope: "cluster",
        check: shell(`sh -eu ${APPLIER} check`),
        apply: shell(`sh -eu ${APPLIER} apply`),
      });
      this.#partitions(host, props.database);
    }
  }

  /** The history of what was played has a partition a month: made ahead, by whichever member leads. */
  #partitions(host: Host, database: string): void {
    const [service, timer] = [`${PARTITIONS}.service`, `${PARTITIONS}.timer`];
    const sql = "SELECT make_play_partitions(current_date, 6) WHERE NOT pg_is_in_recovery()";
    host.file(this, service, {
      content: print([
        ["Unit", [["Description", `Months ahead for the plays of ${database}, on the leader`]]],
        [
          "Service",
          [
            ["Type", "oneshot"],
            ["User", "postgres"],
            ["ExecStart", `/usr/bin/psql -XAtq -v ON_ERROR_STOP=1 -d ${database} -c ${argument(sql)}`],
          ],
        ],
      ]),
    });
    host.file(this, timer, {
      content: print([
        ["Unit", [["Description", `Daily look at the months ahead for the plays of ${database}`]]],
        [
          "Timer",
          [
            ["OnCalendar", "daily"],
            ["RandomizedDelaySec", "1h"],
            ["Persistent", true],
          ],
        ],
        ["Install", [["WantedBy", "timers.target"]]],
      ]),
    });
    host.unit(this, "soundstage-partitions.timer", { restart: [timer] });
  }
}

/** Also for people: `apply.sh check` and `apply.sh apply` on any member. */
function applier(database: string, ca: string): string {
  const connection = (name: string) =>
    word(
      `host=127.0.0.1 port=${WRITES} user=postgres dbname=${name} sslmode=verify-full sslrootcert=${ca} connect_timeout=5`,
    );
  return shell(
    "#!/bin/sh",
    "# Brings the schema to its newest version, on the leader, through this host's HAProxy. usage: apply.sh check | apply",
    "set -eu",
    "PGPASSFILE=$(mktemp -p /run soundstage-pgpass.XXXXXX)",
    "export PGPASSFILE",
    `trap 'rm -f "$PGPASSFILE"' EXIT`,
    "trap 'exit 1' HUP INT TERM",
    "# What a password file is read by, a colon and a backslash, is escaped (libpq, The Password File).",
    `pass() { [ ! -e "$2" ] || printf '*:*:*:%s:%s\\n' "$1" "$(sed 's/[\\\\:]/\\\\&/g' "$2")" >>"$PGPASSFILE"; }`,
    `pass postgres ${SUPERUSER}`,
    `pass application ${APPLICATION}`,
    `query() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }`,
    `server=${connection("postgres")}`,
    `database=${connection(database)}`,
    "",
    "pending() {",
    `  for file in ${FOLDER}/[0-9]*.sql; do`,
    '    name=$(basename "$file")',
    '    sum=$(sha256sum "$file" | cut -c1-64)',
    '    held=$(query "$database" -c "SELECT sha256 FROM schema_migrations WHERE name = \'$name\'")',
    "    case $held in",
    '      "$sum") ;;',
    "      '') echo \"$name $sum\" ;;",
    '      *) echo "$name was applied with other content: a migration that was applied is never changed, add a new one" >&2; return 2 ;;',
    "    esac",
    "  done",
    "}",
    "",
    "case ${1:-} in",
    "  check)",
    '    query "$database" -c "SELECT 1 FROM schema_migrations LIMIT 1" >/dev/null 2>&1 || exit 1',
    "    list=$(pending)",
    '    [ -z "$list" ] || exit 1',
    `    login=$(printf 'host=127.0.0.1 port=${WRITES} user=application dbname=${database} sslmode=verify-full sslrootcert=${ca}')`,
    `    query "$login" -c "SELECT 1" >/dev/null 2>&1 || exit 1`,
    "    ;;",
    "  apply)",
    "    for _ in $(seq 120); do",
    '      ! query "$server" -c "SELECT 1" >/dev/null 2>&1 || break',
    "      sleep 1",
    "    done",
    `    [ -n "$(query "$server" -c "SELECT 1 FROM pg_database WHERE datname = '${database}'")" ] || query "$server" -c 'CREATE DATABASE "${database}"'`,
    "    # The password is read by psql itself: it is in no argument and no history.",
    `    query "$server" <<'END'`,
    `\\set password \`cat ${APPLICATION}\``,
    "SELECT 'CREATE ROLE application LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'application') \\gexec",
    "SELECT format('ALTER ROLE application PASSWORD %L', :'password') \\gexec",
    "END",
    '    query "$database" -c "CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, sha256 char(64) NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"',
    "    list=$(pending)",
    '    printf "%s\\n" "$list" | while read -r name sum; do',
    '      [ -n "$name" ] || continue',
    `      { cat "${FOLDER}/$name"; printf "INSERT INTO schema_migrations (name, sha256) VALUES ('%s', '%s');\\n" "$name" "$sum"; } | query "$database" --single-transaction -f - >/dev/null`,
    '      echo "$name applied"',
    "    done",
    "    ;;",
    '  *) echo "usage: apply.sh check | apply" >&2; exit 2 ;;',
    "esac",
  );
}
