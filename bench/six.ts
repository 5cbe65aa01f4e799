// Six hosts of forty files: nothing to change, one file changed, and the peers at the same work.
import { join } from "node:path";
import type { Host } from "../constructs/host/host.ts";
import type { Lab } from "../test/lab/lab.ts";
import { Ansible } from "./ansible.ts";
import { leaves } from "./child.ts";
import { OpenSsh, targetOf } from "./openssh.ts";
import { files, withFiles, writeOutput } from "./output.ts";
import { pyinfra } from "./pyinfra.ts";
import { type Contender, inTurns, type Times } from "./rounds.ts";
import { apply, engine } from "./soundstage.ts";
import type { Row } from "./table.ts";

export const SIX = ["web-1", "web-2", "web-3", "web-4", "web-5", "web-6"];
const FOLDER = "/srv/bench";
const SLOW_ROUNDS = 3;

/** Folders of the peers' programs; those that could not be installed are left out. */
export interface Peers {
  readonly pyinfra: string | undefined;
  readonly ansible: string | undefined;
}

export async function six(lab: Lab, peers: Peers, rounds: number): Promise<Row[]> {
  const targets = SIX.map((name) => ({ name, ...targetOf(lab.host(name)) }));
  const ssh = new OpenSsh(lab.folder, lab.identity, targets);
  const edition = (text: string) => (host: Host) => withFiles(host, files(FOLDER, text));
  const output = await writeOutput(join(lab.folder, "six"), lab.identity, {
    first: targets.map((target) => ({ ...target, build: edition("first") })),
    second: targets.map((target) => ({ ...target, build: edition("second") })),
  });
  await apply(output, "first", "generation");
  const change = async (...options: string[]): Promise<number> => {
    const ms = await apply(output, "second", "generation", options);
    await apply(output, "first", "generation", ["--waves", "100%"]);
    return ms;
  };
  const contenders: Contender[] = [
    { name: "OpenSSH", run: () => ssh.everywhere(targets) },
    { name: "soundstage", run: () => apply(output, "first", "same") },
    { name: "engine", run: () => engine(output, "first") },
    { name: "changed", run: () => change("--waves", "100%") },
    { name: "changed in waves", run: () => change() },
  ];
  const task = { ssh, identity: lab.identity, targets, files: files(FOLDER) };
  if (peers.pyinfra) {
    const run = pyinfra({ ...task, bin: peers.pyinfra, folder: join(lab.folder, "pyinfra") });
    contenders.push({ name: "pyinfra", run });
  }
  if (peers.ansible) {
    await Promise.all(SIX.map((name) => installPython(lab, name)));
    const ansible = new Ansible({ ...task, bin: peers.ansible, folder: join(lab.folder, "ansible") });
    leaves(() => ansible.end());
    contenders.push({ name: "Ansible", rounds: SLOW_ROUNDS, run: () => ansible.run() });
  }
  return rows(await inTurns(contenders, rounds));
}

function rows(times: ReadonlyMap<string, Times>): Row[] {
  const of = (name: string) => times.get(name) as Times;
  const [base, ours] = [of("OpenSSH"), of("soundstage")];
  const against = "six `ssh host true`";
  return [
    { what: "six hosts of 40 files, nothing to change", against, times: ours, base, atMost: 1.5 },
    { what: "the same, the engine without its process", against, times: of("engine"), base },
    { what: "one file changed on six hosts, in one wave", against, times: of("changed"), base, atMost: 2.5 },
    { what: "the same, in the waves that are the default", against, times: of("changed in waves"), base },
    ...[["pyinfra", 10] as const, ["Ansible", 60] as const].flatMap(([peer, atLeast]) => {
      const found = times.get(peer);
      const what = `${peer}, nothing to change`;
      return found ? [{ what, against: "Soundstage", times: found, base: ours, atLeast }] : [];
    }),
  ];
}

/** Ansible's modules run in it. */
async function installPython(lab: Lab, name: string): Promise<void> {
  // A proxy that is asked by six at once may leave one without an answer: that is asked again.
  const apt = "apt-get -qq -o Acquire::http::Timeout=20 -o Acquire::Retries=5";
  await lab.host(name).must(`${apt} update && ${apt} install -y --no-install-recommends python3`, {
    timeout: 300_000,
    env: { DEBIAN_FRONTEND: "noninteractive" },
  });
}
