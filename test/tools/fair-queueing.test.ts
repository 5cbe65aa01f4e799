// Cards of a network namespace, with the real tc. That a link has a device is said by files, since no card of metal is
// at hand; and where the kernel has no fq, its default takes the place.
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { FAIR_QUEUEING } from "../../constructs/kernel/fair-queueing.ts";

/** `eth0` has four queues, `eth1` one, `down0` is down; the other ends have no device. */
const LINKS = `
ip link set lo up
ip link add eth0 numtxqueues 4 numrxqueues 4 type veth peer name end0
ip link add eth1 type veth peer name end1
ip link add down0 type veth peer name end2
for link in eth0 eth1 end0 end1; do ip link set "$link" up; done
mount -t tmpfs none /sys/class/net
for link in lo eth0 eth1 down0 end0 end1; do mkdir -p "/sys/class/net/$link/queues/tx-0"; done
for queue in 1 2 3; do mkdir "/sys/class/net/eth0/queues/tx-$queue"; done
for link in eth0 eth1 down0; do mkdir "/sys/class/net/$link/device"; done
`;

function inNamespace(script: string, qdisc: string) {
  const as = (text: string) => text.replaceAll(/\bfq\b/g, qdisc);
  const { check, apply, undo } = FAIR_QUEUEING;
  const env = { ...process.env, CHECK: as(check), APPLY: as(apply), UNDO: as(undo) };
  return spawnSync("unshare", ["-mn", "sh", "-euc", `${LINKS}\n${as(script)}`], { env, encoding: "utf8" });
}

const qdisc = ["fq", "pfifo_fast"].find(
  (name) => inNamespace("tc qdisc replace dev eth1 root fq", name).status === 0,
);
const missing = qdisc ? "" : " (network namespaces or tc are not to be had)";
const run = (script: string) => inNamespace(script, qdisc as string);
const SHOW = "tc qdisc show | awk '{ print $2, $5, $6 }' | sort";
const EVERY = "for queue in 1 2 3 4; do tc qdisc replace dev eth0 parent 1:$queue fq; done";

test.skipIf(!qdisc)(
  `cards get fq, below mq where they have several queues, and nothing else is touched${missing}`,
  () => {
    const { stdout, stderr, status } = run(`
    tc qdisc replace dev eth1 root pfifo
    tc qdisc replace dev eth0 root handle 1: mq
    tc qdisc replace dev eth0 parent 1:3 pfifo
    ${SHOW} | grep -v eth >"$TMPDIR/qdiscs"
    if sh -euc "$CHECK"; then echo "nothing to do"; fi
    sh -euc "$APPLY"
    sh -euc "$CHECK"
    ${SHOW}
    ${SHOW} | grep -v eth | cmp - "$TMPDIR/qdiscs"
  `);
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    const lines = stdout.trimEnd().split("\n");
    expect(lines.filter((line) => line.includes("eth"))).toEqual(
      [...Array(4).fill(`${qdisc} eth0 parent`), `${qdisc} eth1 root`, "mq eth0 root"].sort(),
    );
  },
);

test.skipIf(!qdisc).for([
  ["fq at the root", "tc qdisc replace dev eth0 root fq", 0],
  ["fq below mq", `tc qdisc replace dev eth0 root handle 1: mq; ${EVERY}`, 0],
  [
    "something else below mq",
    `tc qdisc replace dev eth0 root handle 1: mq; ${EVERY}; tc qdisc replace dev eth0 parent 1:4 pfifo`,
    1,
  ],
] as const)("%s is judged", ([, given, code]) => {
  const { stderr, status } = run(`tc qdisc replace dev eth1 root fq; ${given}; exec sh -euc "$CHECK"`);
  expect({ stderr, status }).toEqual({ stderr: "", status: code });
});
