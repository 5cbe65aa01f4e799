// A hundred hosts for one: an sshd on each of its ports, with a state of its own behind it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Host } from "../constructs/host/host.ts";
import { PARALLEL } from "../converge/output/pool.ts";
import type { LabHost } from "../test/lab/host.ts";
import type { Lab } from "../test/lab/lab.ts";
import { connects } from "../test/lab/proxy.ts";
import { eventually } from "../test/lab/run.ts";
import { OpenSsh, type Target } from "./openssh.ts";
import { files, withFiles, writeOutput } from "./output.ts";
import { type Contender, inTurns, type Times } from "./rounds.ts";
import { apply } from "./soundstage.ts";
import type { Row } from "./table.ts";

export const FLEET = "fleet";
const SIZES = [25, 50, 100] as const;
const FIRST_PORT = 3001;
/** Over what is linear, for the noise of a shared machine. */
const NOISE = 1.1;

const UNIT = `[Service]
ExecStart=/usr/sbin/sshd -D -p %i -o PidFile=none -o SetEnv=SOUNDSTAGE_STATE=/var/lib/soundstage-%i
`;

export async function fleet(lab: Lab, rounds: number): Promise<Row[]> {
  const targets = await startPorts(lab.host(FLEET), SIZES[2]);
  const hosts = targets.map((target) => ({ ...target, name: `port-${target.port}`, build: build(target) }));
  const names = hosts.map(({ name }) => name);
  const ssh = new OpenSsh(lab.folder, lab.identity, targets);
  const output = await writeOutput(join(lab.folder, FLEET), lab.identity, { [FLEET]: hosts });
  // The first alone: the script that all of them share must be there whole.
  await apply(output, FLEET, "generation", [], names.slice(0, 1));
  await apply(output, FLEET, "generation", [], names.slice(1));
  const contenders: Contender[] = SIZES.map((size) => ({
    name: `${size} hosts`,
    run: () => apply(output, FLEET, "same", [], names.slice(0, size)),
  }));
  contenders.push({ name: "OpenSSH to 100 hosts", run: () => ssh.everywhere(targets, PARALLEL) });
  return rows(await inTurns(contenders, rounds));
}

function rows(times: ReadonlyMap<string, Times>): Row[] {
  const of = (name: string) => times.get(name) as Times;
  const [few, more, many] = SIZES.map((size) => of(`${size} hosts`)) as [Times, Times, Times];
  const openssh = `100 \`ssh host true\`, ${PARALLEL} at a time`;
  return [
    {
      what: `50 hosts, ${PARALLEL} at a time`,
      against: "25 hosts",
      times: more,
      base: few,
      atMost: 2 * NOISE,
    },
    {
      what: `100 hosts, ${PARALLEL} at a time`,
      against: "25 hosts",
      times: many,
      base: few,
      atMost: 4 * NOISE,
    },
    { what: "100 hosts, nothing to change", against: openssh, times: many, base: of("OpenSSH to 100 hosts") },
  ];
}

/** Each looks after files of its own. */
function build({ port }: Target): (host: Host) => void {
  return (host) => {
    withFiles(host, files(`/srv/fleet/${port}`));
    // They share one systemd, in which the unit of an apply has one name.
    host.order(host, { group: FLEET, mode: "one-by-one" });
  };
}

async function startPorts(host: LabHost, count: number): Promise<Target[]> {
  writeFileSync(join(host.root, "etc/systemd/system/sshd-port@.service"), UNIT);
  const ports = Array.from({ length: count }, (_, index) => FIRST_PORT + index);
  const units = ports.map((port) => `sshd-port@${port}`);
  await host.must(`systemctl daemon-reload; systemctl start ${units.join(" ")}`);
  await eventually(30_000, () => Promise.all(ports.map((port) => connects(host.address, port))));
  return ports.map((port) => ({ address: host.address, port, hostKey: host.hostKey }));
}
