// `soundstage plan`: asks the hosts, and shows what an apply would do on them and in which order.
import { readFileSync } from "node:fs";
import { type HostBundle, readBundle } from "../../bundle/reader.ts";
import { schedule, type Wave } from "../order/schedule.ts";
import { Share } from "../order/share.ts";
import { platformFolder } from "../output/platform-folder.ts";
import { type Selection, select } from "../output/selection.ts";
import { machines, survey } from "../output/survey.ts";
import type { Line } from "../script/answer.ts";
import { OutputOrigin } from "../script/output-origin.ts";
import { Secrets } from "../secrets/secrets.ts";
import { Access, accessSecrets } from "../ssh/access.ts";
import { type HostPlan, hostPlan } from "./host-plan.ts";
import { PlanFile } from "./plan-file.ts";
import { PlanText } from "./plan-text.ts";

export interface PlanOptions {
  /** Folder that cdktf synthesized into. */
  readonly output: string;
  readonly stack: string | readonly string[];
  /** Names of hosts; all when empty. */
  readonly hosts: readonly string[];
  /** Prints one JSON object. @default false */
  readonly json?: boolean;
  /** File that the plan is written to, for `apply --plan`. */
  readonly out?: string;
}

/** A wave, and who of it hands a role over before anything of it changes. */
export interface Step extends Wave {
  readonly handsOver: readonly { readonly host: string; readonly groups: readonly string[] }[];
}

interface StackPlan {
  readonly stack: string;
  readonly hosts: readonly HostPlan[];
  readonly failures: ReadonlyMap<string, string>;
  readonly steps: readonly Step[];
}

/** @returns the exit code: 0 nothing would change, 2 something would, 1 a host could not be asked */
export async function plan(options: PlanOptions): Promise<number> {
  const { output, json, out } = options;
  const folder = platformFolder(output, [options.stack].flat()[0] as string);
  const secrets = new Secrets(folder);
  const access = new Access(folder, secrets);
  const selections = select(options);
  await secrets.require(
    selections.flatMap(({ stack, hosts }) =>
      machines(stack, hosts).flatMap((connection) => [
        accessSecrets(connection),
        ...readBundle(output, stack, connection.host).manifest.secrets,
      ]),
    ),
  );
  const plans: StackPlan[] = [];
  for (const selection of selections) plans.push(await planStack(selection, { output, access, secrets }));

  if (json) console.log(JSON.stringify({ format: 1, stacks: plans.map(machineReadable) }, null, 2));
  else show(plans);
  const failures = plans.flatMap((each) => [...each.failures]);
  for (const [host, reason] of failures) console.error(`${host}  FAILED  ${secrets.masked(reason)}`);
  if (failures.length > 0) {
    if (out) console.error(`${out} is not written: ${failures.length} hosts could not be asked`);
    return 1;
  }
  if (out) PlanFile.write(out, Object.fromEntries(plans.map((each) => [each.stack, planned(each)])));
  return plans.every(({ hosts }) => hosts.every(({ same }) => same)) ? 0 : 2;
}

interface Means {
  readonly output: string;
  readonly access: Access;
  readonly secrets: Secrets;
}

async function planStack(selection: Selection, { output, access, secrets }: Means): Promise<StackPlan> {
  const { stack, waves } = selection;
  const origin = OutputOrigin.of(output);
  const read = ({ manifest, hash, objects }: HostBundle, answer: readonly Line[]): HostPlan => {
    const text = (path: string) => {
      const file = manifest.files.find((candidate) => candidate.path === path);
      return readFileSync(objects.get(file?.sha256 ?? "")?.file as string, "utf8");
    };
    const made = hostPlan({ manifest, hash, text, secrets }, answer);
    const held = answer.find(([step]) => step === "origin")?.[1];
    if (made.held.manifest === hash || origin.relationTo(held) !== "other") return made;
    return { ...made, notes: [...made.notes, `refused unless --allow-older: the host has commit ${held}`] };
  };
  const { found, failures } = await survey(selection, { output, access, against: "bundle", read });
  const hosts = [...found.values()];
  const sizes = waves?.map((size) => Share.parse(size, "wave"));
  return { stack, hosts, failures, steps: stepsOf(output, stack, hosts, sizes) };
}

/** As a run would order them that finds the hosts as they are now. */
function stepsOf(
  output: string,
  stack: string,
  hosts: readonly HostPlan[],
  sizes: readonly Share[] | undefined,
): Step[] {
  const members = hosts.filter(({ same }) => !same).map(({ member }) => member);
  return schedule(members, sizes).map((wave) => ({
    ...wave,
    handsOver: members.flatMap(({ host, order, fresh, leads }) => {
      if (!wave.hosts.includes(host) || order.every(({ group }) => fresh.has(group))) return [];
      const orders = readBundle(output, stack, host).manifest.order;
      const groups = [...leads].filter((name) => orders.some((o) => o.group === name && o.handover));
      return groups.length > 0 ? [{ host, groups }] : [];
    }),
  }));
}

function show(plans: readonly StackPlan[]): void {
  const text = new PlanText(process.stdout.isTTY && !process.env.NO_COLOR);
  for (const { hosts, steps } of plans) {
    for (const host of hosts) process.stdout.write(text.host(host));
    process.stdout.write(text.steps(steps));
  }
  const hosts = plans.flatMap((each) => each.hosts);
  const changing = hosts.filter(({ same }) => !same).length;
  console.log(`${changing} of ${hosts.length} hosts would change`);
}

function machineReadable({ stack, hosts, failures, steps }: StackPlan): object {
  return {
    stack,
    hosts: hosts.map(({ member, ...host }) => ({
      ...host,
      fresh: [...member.fresh],
      leads: [...member.leads],
    })),
    waves: steps,
    failures: Object.fromEntries(failures),
  };
}

function planned({ hosts }: StackPlan) {
  return Object.fromEntries(hosts.map(({ host, wanted, held }) => [host, { wanted, held }]));
}
