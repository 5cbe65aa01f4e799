// `soundstage drift`: what hosts have otherwise than what was put there; what a new bundle brings is the plan's.

import { platformFolder } from "../output/platform-folder.ts";
import { select } from "../output/selection.ts";
import { machines, survey } from "../output/survey.ts";
import type { Line } from "../script/answer.ts";
import { type Held, heldOf } from "../script/held.ts";
import { Secrets } from "../secrets/secrets.ts";
import { Access, accessSecrets } from "../ssh/access.ts";
import { unifiedDiff } from "../text/line-diff.ts";
import type { PlanOptions } from "./plan.ts";
import { PlanText } from "./plan-text.ts";

export interface HostDrift {
  readonly host: string;
  readonly held: Held;
  /** Whether the output has another bundle for it. */
  readonly behind: boolean;
  readonly drift: readonly { readonly what: string; readonly diff?: string }[];
}

/** @returns the exit code: 0 none, 2 drift, 1 a host could not be asked */
export async function drift(options: Omit<PlanOptions, "out">): Promise<number> {
  const { output, json } = options;
  const folder = platformFolder(output, [options.stack].flat()[0] as string);
  const secrets = new Secrets(folder);
  const access = new Access(folder, secrets);
  const selections = select(options);
  await secrets.require(selections.flatMap(({ stack, hosts }) => machines(stack, hosts).map(accessSecrets)));
  const stacks: { stack: string; hosts: HostDrift[]; failures: Record<string, string> }[] = [];
  for (const selection of selections) {
    const { found, failures } = await survey(selection, {
      output,
      access,
      against: "generation",
      read: ({ manifest, hash }, answer) => hostDrift(manifest.host, hash, answer, secrets),
    });
    stacks.push({
      stack: selection.stack,
      hosts: [...found.values()],
      failures: Object.fromEntries(failures),
    });
  }
  const hosts = stacks.flatMap((each) => each.hosts);
  if (json) console.log(JSON.stringify({ format: 1, stacks }, null, 2));
  else
    for (const host of hosts)
      process.stdout.write(driftText(host, new PlanText(process.stdout.isTTY && !process.env.NO_COLOR)));
  const failures = stacks.flatMap((each) => Object.entries(each.failures));
  for (const [host, reason] of failures) console.error(`${host}  FAILED  ${secrets.masked(reason)}`);
  if (failures.length > 0) return 1;
  return hosts.some((host) => host.drift.length > 0) ? 2 : 0;
}

export function hostDrift(
  host: string,
  wanted: string,
  answer: readonly Line[],
  secrets: Pick<Secrets, "masked">,
): HostDrift {
  const texts = (step: string) =>
    new Map(
      answer
        .filter(([name]) => name === step)
        .map(([, base64 = "", path = ""]) => [path, Buffer.from(base64, "base64").toString()]),
    );
  const [put, is] = [texts("held"), texts("content")];
  const held = heldOf(answer);
  const rows = answer
    .filter(([step]) => step === "drift")
    .map(([, what = ""]) => {
      const [before, now] = [put.get(what), is.get(what)];
      if (before === undefined || now === undefined) return { what };
      const diff = unifiedDiff(secrets.masked(before), secrets.masked(now));
      return diff === "" ? { what } : { what, diff };
    });
  return { host, held, behind: held.manifest !== wanted, drift: rows };
}

export function driftText({ host, held, behind, drift: rows }: HostDrift, text: PlanText): string {
  if (held.manifest === "none") return `${host}  nothing was put there yet\n`;
  const waits = behind ? "; the output has another bundle for it, which `soundstage plan` shows" : "";
  const head = `${host}  generation ${held.generation}: ${rows.length === 0 ? "no drift" : `${rows.length} drifted`}${waits}\n`;
  const lines = rows.flatMap(({ what, diff }) => [`! ${what}`, ...(diff ? text.diff(diff) : [])]);
  return head + lines.map((line) => `  ${line}\n`).join("");
}
