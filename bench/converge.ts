// npm run bench:converge: what converge costs beside OpenSSH, pyinfra, Ansible and apt, on hosts of the lab.
import { parseArgs } from "node:util";
import { Lab } from "../test/lab/lab.ts";
import { labMissing } from "../test/lab/requirements.ts";
import { ANSIBLE } from "./ansible.ts";
import { bare, TWINS } from "./bare.ts";
import { endAll, endAllOnSignal } from "./child.ts";
import { FLEET, fleet } from "./fleet.ts";
import { machine } from "./machine.ts";
import { PYINFRA } from "./pyinfra.ts";
import { SIX, six } from "./six.ts";
import { start } from "./start.ts";
import { type Row, table } from "./table.ts";
import { venv } from "./venv.ts";

/** Of what takes many seconds. */
const FEW = 3;

const { values } = parseArgs({
  allowNegative: true,
  options: { peers: { type: "boolean", default: true }, rounds: { type: "string", default: "7" } },
});

async function main(): Promise<void> {
  const missing = labMissing();
  if (missing) throw new Error(missing);
  const rounds = Number(values.rounds);
  if (!(rounds >= 1)) throw new Error(`--rounds ${values.rounds} must be a number from 1`);
  endAllOnSignal();
  const peer = async (requirement: string) => (values.peers ? venv(requirement) : undefined);
  const peers = { pyinfra: await peer(PYINFRA), ansible: await peer(ANSIBLE) };
  const present = [...(peers.pyinfra ? [PYINFRA] : []), ...(peers.ansible ? [ANSIBLE] : [])];
  const rows: Row[] = [
    ...(await inLab([...SIX, FLEET], async (lab) => [
      ...(await start(lab.folder)),
      ...(await six(lab, peers, rounds)),
      ...(await fleet(lab, Math.min(rounds, FEW))),
    ])),
    ...(await inLab(TWINS.flat(), bare)),
  ];
  console.log(`\n${await machine(present)}\n\n${table(rows)}`);
}

/** Two labs one after the other: a machine's limits, of inotify above all, suffice for about a dozen hosts at once. */
async function inLab(names: readonly string[], measure: (lab: Lab) => Promise<Row[]>): Promise<Row[]> {
  const lab = await Lab.start({ hosts: names.map((name) => ({ name })) });
  try {
    return await measure(lab);
  } finally {
    endAll();
    await lab.stop();
  }
}

main().catch((error: Error) => {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
});
