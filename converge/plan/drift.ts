// `soundstage drift`: what hosts have otherwise than what was put there; what a new bundle brings is the plan's.

import { Hosts } from "../output/hosts.ts";
import { Answer, type Line } from "../script/answer.ts";
import { type Held, heldOf } from "../script/held.ts";
import type { Secrets } from "../secrets/secrets.ts";
import { unifiedDiff } from "../text/line-diff.ts";
import { plain } from "../text/plain.ts";
import { hasColours } from "../text/table.ts";
import type { PlanOptions } from "./plan.ts";
import { PlanText } from "./plan-text.ts";

interface HostDrift {
  readonly host: string;
  readonly held: Held;
  /** Whether the output has another bundle for it. */
  readonly behind: boolean;
  readonly drift: readonly { readonly what: string; readonly diff?: string }[];
}

/** @returns the exit code: 0 none, 2 drift, 1 a host could not be asked */
export async function drift(options: Omit<PlanOptions, "out">): Promise<number> {
  const hosts = await Hosts.of(options);
  const answers = await hosts.each(async (remote, { bundle }) =>
    hostDrift(bundle.manifest.host, bundle.hash, await remote.compare(), hosts.secrets),
  );
  const stacks = [...new Set([options.stack].flat())].map((stack) => {
    const { found, failures } = hosts.inStack(stack, answers);
    return { stack, hosts: found, failures: Object.fromEntries(failures) };
  });
  const found = stacks.flatMap((each) => each.hosts);
  const text = new PlanText(hasColours());
  if (options.json) console.log(JSON.stringify({ format: 1, stacks }, null, 2));
  else for (const host of found) process.stdout.write(driftText(host, text));
  const failures = stacks.flatMap((each) => Object.entries(each.failures));
  for (const [host, reason] of failures) console.error(`${host}  FAILED  ${plain(reason)}`);
  if (failures.length > 0) return 1;
  return found.some((host) => host.drift.length > 0) ? 2 : 0;
}

export function hostDrift(
  host: string,
  wanted: string,
  lines: readonly Line[],
  secrets: Pick<Secrets, "masked">,
): HostDrift {
  const answer = new Answer(lines);
  const texts = (step: string) =>
    new Map(
      answer.all(step).map(([base64 = "", path = ""]) => [path, Buffer.from(base64, "base64").toString()]),
    );
  const [put, is] = [texts("held"), texts("content")];
  const held = heldOf(lines);
  const rows = answer.all("drift").map(([what = ""]) => {
    const [before, now] = [put.get(what), is.get(what)];
    if (before === undefined || now === undefined) return { what };
    const diff = unifiedDiff(secrets.masked(before), secrets.masked(now));
    return diff === "" ? { what } : { what, diff };
  });
  return { host, held, behind: held.manifest !== wanted, drift: rows };
}

function driftText({ host, held, behind, drift: rows }: HostDrift, text: PlanText): string {
  if (held.manifest === "none") return `${host}  nothing was put there yet\n`;
  const waits = behind ? "; the output has another bundle for it, which `soundstage plan` shows" : "";
  const head = `${host}  generation ${held.generation}: ${rows.length === 0 ? "no drift" : `${rows.length} drifted`}${waits}\n`;
  const lines = rows.flatMap(({ what, diff }) => [
    plain(`! ${what}`),
    ...(diff ? text.diff(diff, what) : []),
  ]);
  return head + lines.map((line) => `  ${line}\n`).join("");
}
