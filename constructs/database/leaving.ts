// How a member leaves its cluster while the others go on, and how they take out one that is dead.
import type { Action, Script } from "../../bundle/manifest.ts";
import { memberScript } from "../../templates/etcd/member.ts";
import { shell, word } from "../../templates/shell/print.ts";
import type { Leaving } from "../host/props.ts";
import { clientUrl, type Member, peerUrl } from "./etcd.ts";
import { PATRONI_FILE } from "./patroni.ts";
import { handover, self } from "./scripts.ts";

const KEPT = `${PATRONI_FILE}.kept`;

/** In a shell of its own. The script goes along whole: an earlier bundle of the host may not have brought it. */
function etcd(verb: "listed" | "spared" | "leave", member: Member, others: readonly Member[]): Script {
  const words = [verb, peerUrl(member), ...others.map(clientUrl)].map(word);
  return `sh -s -- ${words.join(" ")} <<'MEMBER'\n${memberScript().trimEnd()}\nMEMBER`;
}

const orElse = (script: Script, otherwise: string): Script =>
  script.replace("<<'MEMBER'", `<<'MEMBER' || ${otherwise}`);

/**
 * What a member that retires does in the place of a hand-over: PostgreSQL hands over and stands back from synchronous
 * commits before it stops, so that no commit waits for it; then etcd, which must not lose its majority by it.
 */
export function leaving(member: Member, others: readonly Member[]): Leaving {
  const role = self(member.name);
  return {
    // Where nobody can tell, that is a failure: it must not go on as if it were no member.
    leads: shell(etcd("listed", member, others)),
    handover: shell(
      etcd("spared", member, others),
      `cp -p ${PATRONI_FILE} ${KEPT}`,
      "back() {",
      '  if [ "$1" != 0 ]; then',
      `    cp -p ${KEPT} ${PATRONI_FILE}`,
      "    systemctl start etcd.service patroni.service || true",
      "    systemctl reload patroni.service || true",
      "  fi",
      `  rm -f ${KEPT}`,
      "}",
      "trap 'back $?' EXIT",
      `case "$(${role})" in "Leader "*) (`,
      handover(member.name).trimEnd(),
      ") ;; esac",
      // It stays a member for as long as another takes its part in synchronous commits.
      `sed -i 's/^  nofailover: false$/  nofailover: true/; s/^  nosync: false$/  nosync: true/' ${PATRONI_FILE}`,
      "if systemctl is-active --quiet patroni.service; then",
      "  systemctl reload patroni.service",
      `  for _ in $(seq 60); do case "$(${role})" in "Sync Standby"*) sleep 1 ;; *) break ;; esac; done`,
      `  case "$(${role})" in Leader* | Sync*) echo "no other member takes its place within a minute" >&2; exit 1 ;; esac`,
      "  systemctl stop patroni.service",
      "fi",
      // Stopped first: one that is taken out joins again when it starts.
      "systemctl stop etcd.service",
      etcd("leave", member, others),
    ),
  };
}

/** Takes a member that is dead out of etcd, once the others can spare it. Patroni forgets it by itself. */
export function removal(
  lost: Member,
  members: readonly Member[],
): Pick<Action, "when" | "scope" | "check" | "apply"> {
  return {
    when: "after",
    scope: "cluster",
    check: shell(
      "code=0",
      orElse(etcd("listed", lost, members), "code=$?"),
      // Listed is what there is to be done; 2 is that nobody can tell.
      'case $code in 0) exit 1 ;; 1) exit 0 ;; *) exit "$code" ;; esac',
    ),
    apply: shell(etcd("leave", lost, members)),
  };
}
