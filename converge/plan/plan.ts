// `soundstage plan`: asks the hosts, and shows what an apply would do on them and in which order.
import { readFileSync } from "node:fs";
import type { HostBundle } from "../../bundle/reader.ts";
import { Share } from "../order/share.ts";
import { type Step, stepsOf, stepsText } from "../order/steps.ts";
import { Hosts } from "../output/hosts.ts";
import { select } from "../output/selection.ts";
import { Answer, type Line } from "../script/answer.ts";
import { OutputOrigin } from "../script/output-origin.ts";
import type { Secrets } from "../secrets/secrets.ts";
import { plain } from "../text/plain.ts";
import { plural } from "../text/quantity.ts";
import { hasColours } from "../text/table.ts";
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

export interface StackPlan {
  readonly stack: string;
  readonly hosts: readonly HostPlan[];
  readonly failures: ReadonlyMap<string, string>;
  readonly steps: readonly Step[];
}

/** @returns the exit code: 0 nothing would change, 2 something would, 1 a host could not be asked */
export async function plan({ out, ...options }: PlanOptions): Promise<number> {
  const { json } = options;
  const plans = await plansOf(options);
  if (json) console.log(JSON.stringify({ format: 1, stacks: plans.map(machineReadable) }, null, 2));
  else process.stdout.write(planText(plans, new PlanText(hasColours())));
  const failures = plans.flatMap((each) => [...each.failures]);
  for (const [host, reason] of failures) console.error(`${host}  FAILED  ${plain(reason)}`);
  if (failures.length > 0) {
    if (out) console.error(`${out} is not written: ${plural(failures.length, "host")} could not be asked`);
    return 1;
  }
  if (out) PlanFile.write(out, Object.fromEntries(plans.map((each) => [each.stack, planned(each)])));
  return plans.every((each) => each.hosts.every(({ same }) => same)) ? 0 : 2;
}

/** Asks the hosts of stacks. */
export async function plansOf(options: Omit<PlanOptions, "out">): Promise<StackPlan[]> {
  const { output } = options;
  const hosts = await Hosts.of(options, ({ manifest }) => manifest.secrets);
  const origin = OutputOrigin.of(output);
  const answers = await hosts.each(async (remote, { bundle }) =>
    planOf(bundle, await remote.compare(bundle.plain), hosts.secrets, origin),
  );
  return select(options).map(({ stack, waves }): StackPlan => {
    const { found, failures } = hosts.inStack(stack, answers);
    const members = found.filter(({ same }) => !same).map(({ member }) => member);
    const steps = stepsOf(members, waves && Share.waves(waves), (host, group) =>
      hosts.machine(host).bundle.manifest.order.some((order) => order.group === group && order.handover),
    );
    return { stack, hosts: found, failures, steps };
  });
}

function planOf(
  { manifest, hash, objects }: HostBundle,
  answer: readonly Line[],
  secrets: Secrets,
  origin: OutputOrigin,
): HostPlan {
  const text = (path: string) => {
    const file = manifest.files.find((candidate) => candidate.path === path);
    return readFileSync(objects.get(file?.sha256 ?? "")?.file as string, "utf8");
  };
  const made = hostPlan({ manifest, hash, text, secrets }, answer);
  const held = new Answer(answer).one("origin");
  if (made.held.manifest === hash || origin.relationTo(held) !== "other") return made;
  return { ...made, notes: [...made.notes, `refused unless --allow-older: the host has commit ${held}`] };
}

export function planText(plans: readonly StackPlan[], text: PlanText): string {
  const hosts = plans.flatMap((each) => each.hosts);
  const changing = hosts.filter(({ same }) => !same).length;
  const unknown = plans.reduce((sum, { failures }) => sum + failures.size, 0);
  return [
    ...plans.flatMap((each) => [...each.hosts.map((host) => text.host(host)), stepsText(each.steps)]),
    `${changing} of ${plural(hosts.length + unknown, "host")} would change${unknown > 0 ? `, ${unknown} could not be asked` : ""}\n`,
  ].join("");
}

export function machineReadable({ stack, hosts, failures, steps }: StackPlan): object {
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
