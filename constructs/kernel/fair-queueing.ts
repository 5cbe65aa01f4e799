// fq on the network cards of a host, as scripts (tc-fq(8), tc-mq(8)).
import { shell } from "../../templates/shell/print.ts";

/** Cards that are up: what has no device (bridges, veths, tunnels) hands its packets on to one that has. */
const CARDS = [
  "cards=",
  "for device in /sys/class/net/*/device; do",
  '  [ -e "$device" ] || continue',
  "  card=${device%/device}",
  "  card=${card##*/}",
  '  [ -z "$(ip -o link show up dev "$card")" ] || cards="$cards $card"',
  "done",
];

/** Of the root of a card with several queues; hexadecimal, and nobody else's. */
const HANDLE = "5d";

/** A card with several queues keeps them: mq at the root, and fq below it. */
export const FAIR_QUEUEING = {
  check: shell(
    ...CARDS,
    "for card in $cards; do",
    '  tc qdisc show dev "$card" | awk \'',
    "    / root / { root = $2 }",
    '    / parent / && $2 != "fq" { other = 1 }',
    '    END { exit !(root == "fq" || (root == "mq" && !other)) }',
    "  ' || exit 1",
    "done",
  ),
  apply: shell(
    ...CARDS,
    "for card in $cards; do",
    '  if [ ! -e "/sys/class/net/$card/queues/tx-1" ]; then',
    '    tc qdisc replace dev "$card" root fq',
    "    continue",
    "  fi",
    `  tc qdisc replace dev "$card" root handle ${HANDLE}: mq`,
    `  for number in $(seq "$(find "/sys/class/net/$card/queues/" -name 'tx-*' | wc -l)"); do`,
    `    tc qdisc replace dev "$card" parent "${HANDLE}:$(printf %x "$number")" fq`,
    "  done",
    "done",
  ),
  undo: shell(...CARDS, 'for card in $cards; do tc qdisc del dev "$card" root || true; done'),
} as const;
