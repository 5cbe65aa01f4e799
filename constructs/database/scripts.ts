// What runs on a member of the cluster, as scripts.
import { shell, word } from "../../templates/shell/print.ts";
import { ETCDCTL } from "./etcd.ts";
import { DCS_FILE, dataDirectory, PATRONI_FOLDER } from "./patroni.ts";
import { DYNAMIC_SETTINGS } from "./rules.ts";

export const PATRONICTL = `patronictl -c ${PATRONI_FOLDER}`;

/** Debian makes a cluster "main" at install; it goes while it has never been started. */
export const dropMain = {
  check: shell("[ ! -d /etc/postgresql/15/main ]"),
  apply: shell(
    "if [ -e /var/lib/postgresql/15/main/postmaster.opts ]; then",
    '  echo "/var/lib/postgresql/15/main has been in use: move its data away, then pg_dropcluster 15 main" >&2',
    "  exit 1",
    "fi",
    "pg_dropcluster 15 main",
  ),
};

/** No data yet, or standing still: where every member does, they start together, since etcd waits for its quorum. */
export const fresh = (cluster: string): string =>
  shell(
    `[ ! -s ${word(`${dataDirectory(cluster)}/PG_VERSION`)} ] || ! systemctl is-active --quiet patroni.service`,
  );

/** Prints the member's row as `<role> <state>`. */
export const self = (name: string): string =>
  `${PATRONICTL} list -f json | python3 -c 'import json, sys; print(*[row["Role"] + " " + row["State"] for row in json.load(sys.stdin) if row["Member"] == sys.argv[1]])' ${word(name)}`;

export const leads = (name: string): string =>
  shell(`case "$(${self(name)})" in "Leader "*) exit 0 ;; esac`, "exit 1");

/** Hands the leadership to a healthy member and waits until it is taken. */
export const handover = (name: string): string =>
  shell(
    "said='' tries=0",
    "until [ $((tries += 1)) -gt 40 ]; do",
    `  case "$(${self(name)})" in`,
    // Refused while no other member is in sync, as after a failover, and then asked for again.
    `    "Leader "*) said=$(${PATRONICTL} switchover --leader ${word(name)} --force 2>&1) || true ;;`,
    '    *" running"|*" streaming") exit 0 ;;',
    "  esac",
    "  sleep 2",
    "done",
    `printf '%s\\n' "$said" | tail -n 5 >&2`,
    'echo "the leadership was not taken" >&2',
    "exit 1",
  );

/** The member is back in its cluster, and its store has a quorum. */
export const gate = (name: string): string =>
  shell(
    // A copy of much data takes as long as it takes.
    `while case "$(${self(name)})" in *" creating replica") true ;; *) false ;; esac; do sleep 2; done`,
    `${ETCDCTL} endpoint health >/dev/null`,
    `case "$(${self(name)})" in *" running"|*" streaming") ;; *) ${PATRONICTL} list; exit 1 ;; esac`,
    `${PATRONICTL} list -f json | python3 -c 'import json, sys; sys.exit(0 if any(row["Role"] == "Leader" for row in json.load(sys.stdin)) else 1)'`,
  );

/**
 * Compares what is wanted of the whole cluster with what it has: `bootstrap.dcs` is read only once.
 * What the cluster has and nobody wants goes by a null, of the keys that are ours to decide: Patroni's `pause`,
 * `slots` or `standby_cluster` are the operator's. With an argument it prints what is to be applied.
 */
const DIFFERS = [
  "import json, sys, yaml",
  `wanted = json.load(open("${DCS_FILE}"))`,
  "held = yaml.safe_load(sys.stdin)",
  "def retire(want, have, ours):",
  "    want.update({key: None for key in have or {} if key not in want and key in ours})",
  `retire(wanted, held, ${JSON.stringify(DYNAMIC_SETTINGS)})`,
  'parameters = (held.get("postgresql") or {}).get("parameters") or {}',
  'retire(wanted["postgresql"]["parameters"], parameters, parameters)',
  "def differs(want, have):",
  "    if isinstance(want, dict):",
  "        return not isinstance(have, dict) or any(differs(value, have.get(key)) for key, value in want.items())",
  "    return str(want) != str(have)",
  "if len(sys.argv) > 1:",
  "    json.dump(wanted, sys.stdout)",
  "else:",
  "    sys.exit(1 if differs(wanted, held) else 0)",
].join("\n");

export const dcsSettings = {
  check: shell(
    `settings=$(${PATRONICTL} show-config) || exit 1`,
    `printf '%s\\n' "$settings" | python3 -c ${word(DIFFERS)}`,
  ),
  apply: shell(
    `for _ in $(seq 90); do ! ${PATRONICTL} show-config >/dev/null 2>&1 || break; sleep 1; done`,
    `settings=$(${PATRONICTL} show-config)`,
    `changes=$(printf '%s\\n' "$settings" | python3 -c ${word(DIFFERS)} changes)`,
    `printf '%s\\n' "$changes" | ${PATRONICTL} edit-config --apply - --force`,
  ),
};
