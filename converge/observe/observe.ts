// `soundstage observe`: writes down what hosts really have, for the `check` block of their stack; changes nothing there.
import { basename, dirname, join } from "node:path";
import { makeFolder } from "../../bundle/make-folder.ts";
import { type Observed, type ObservedHost, observedFile } from "../../bundle/observed.ts";
import { readRegion } from "../../bundle/reader.ts";
import { ConvergeFault } from "../fault.ts";
import { Hosts, type HostsWanted, type Machine } from "../output/hosts.ts";
import { platformFolder } from "../output/platform-folder.ts";
import { stacksWithMachines } from "../output/stacks.ts";
import { hostDrift } from "../plan/drift.ts";
import { readRecord, writeRecord } from "../record-file.ts";
import { Answer } from "../script/answer.ts";
import type { Remote } from "../script/remote.ts";
import type { Secrets } from "../secrets/secrets.ts";
import { Programs } from "../terraform/programs.ts";
import { hostsInState } from "../terraform/records.ts";
import { Terraform } from "../terraform/terraform.ts";
import { plain } from "../text/plain.ts";

export interface ObserveOptions {
  readonly output: string;
  /** Names of stacks; all that have machines when empty. */
  readonly stacks: readonly string[];
  readonly json?: boolean;
}

/** @returns the exit code: 0 written, and no drift; 2 drift; 1 a host could not be asked, and the rest is written */
export async function observe({ output, stacks: named, json }: ObserveOptions): Promise<number> {
  const stacks = named.length > 0 ? [...new Set(named)] : stacksWithMachines(output);
  const seen: { stack: string; file: string; observed: Observed }[] = [];
  for (const stack of stacks) {
    const file = fileOf(output, stack);
    const observed = await look({ output, json }, stack, earlier(file));
    makeFolder(dirname(file));
    writeRecord(file, `${JSON.stringify(observed, null, 2)}\n`);
    seen.push({ stack, file, observed });
    if (!json) for (const line of text(file, observed)) console.log(plain(line));
  }
  if (json) console.log(JSON.stringify({ format: 1, stacks: seen.map(({ observed }) => observed) }, null, 2));
  const failures = seen.flatMap(({ observed }) => Object.entries(observed.failures));
  for (const [host, reason] of failures) console.error(`${host}  FAILED  ${plain(reason)}`);
  if (failures.length > 0) return 1;
  return seen.some(({ observed }) => Object.values(observed.hosts).some(({ drift }) => drift.length > 0))
    ? 2
    : 0;
}

function fileOf(output: string, stack: string): string {
  const { platform } = readRegion(output, stack);
  return observedFile(join(platformFolder(output, stack), basename(platform)), stack);
}

/** What was seen before, of hosts that can not be asked now. */
function earlier(file: string): Readonly<Record<string, ObservedHost>> {
  try {
    return (JSON.parse(readRecord(file) ?? "{}") as Partial<Observed>).hosts ?? {};
  } catch {
    return {};
  }
}

async function look(
  { output, json }: Pick<HostsWanted, "output" | "json">,
  stack: string,
  before: Observed["hosts"],
): Promise<Observed> {
  const recorded = await recordedManifests(output, stack);
  const machines = await Hosts.of({ output, stack, json });
  const answers = await machines.each((remote, machine) =>
    seenOf(remote, machine, { secrets: machines.secrets, recorded: recorded.get(machine.host) ?? null }),
  );
  const hosts: Record<string, ObservedHost> = {};
  const failures: Record<string, string> = {};
  for (const [host, answer] of answers) {
    const last = answer instanceof Error ? before[host] : answer;
    if (last) hosts[host] = last;
    if (answer instanceof Error) failures[host] = answer.message;
  }
  return { format: 1, stack, hosts, failures };
}

interface Known {
  readonly secrets: Secrets;
  readonly recorded: string | null;
}

async function seenOf(remote: Remote, machine: Machine, { secrets, recorded }: Known): Promise<ObservedHost> {
  const observed = new Date().toISOString();
  const { held, drift } = hostDrift(machine.host, machine.bundle.hash, await remote.compare(), secrets);
  const status = new Answer(await remote.ask("status"));
  return {
    observed,
    manifest: held.manifest,
    recorded,
    generation: held.generation,
    drift,
    units: status.all("unit").map(([name = "", wanted = "", is = "unknown"]) => ({ name, wanted, is })),
  };
}

/** Host → hash of the manifest that Terraform has recorded; none where it can not be asked, which is said. */
async function recordedManifests(output: string, stack: string): Promise<ReadonlyMap<string, string>> {
  const said: string[] = [];
  try {
    const terraform = new Terraform(new Programs(), output, stack, (line) => said.push(line));
    await terraform.init();
    const state = await terraform.state();
    const hosts = state ? hostsInState(state) : [];
    return new Map(hosts.flatMap(({ host, manifest }) => (manifest ? [[host, manifest] as const] : [])));
  } catch (error) {
    if (!(error instanceof ConvergeFault)) throw error;
    for (const line of [...said, error.message]) console.error(line);
    console.error(`${stack}: not compared with what Terraform has recorded`);
    return new Map();
  }
}

function text(file: string, { hosts }: Observed): string[] {
  const rows = Object.entries(hosts).map(([host, { observed, generation, manifest, recorded, drift }]) => {
    const other =
      recorded !== null && recorded !== manifest ? "; another bundle than Terraform has recorded" : "";
    const drifted =
      drift.length > 0 ? `${drift.length} drifted (${drift.map(({ what }) => what).join(", ")})` : "no drift";
    return `${host}  ${observed}  generation ${generation}: ${drifted}${other}`;
  });
  return [...rows, `written: ${file}`];
}
