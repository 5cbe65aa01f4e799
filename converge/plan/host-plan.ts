// What an apply would do on one host: made of what the host answers and what its manifest wants; pure.
import { isDeepStrictEqual } from "node:util";
import type { Action, Manifest } from "../../bundle/manifest.ts";
import type { Member } from "../order/schedule.ts";
import { Answer, type Line } from "../script/answer.ts";
import { type Held, heldOf } from "../script/held.ts";
import { secretChanges } from "../script/secret-changes.ts";
import type { Secrets } from "../secrets/secrets.ts";
import type { FileChange } from "./file-changes.ts";
import { fileChanges, secretFileChanges } from "./file-changes.ts";
import { type Outage, outageOf } from "./outage.ts";

export type UnitVerb = "start" | "restart" | "reload" | "stop" | "enable" | "disable" | "mask";

export interface HostPlan {
  readonly host: string;
  /** Hash of the manifest that it shall get. */
  readonly wanted: string;
  readonly held: Held;
  /** An apply would do nothing. */
  readonly same: boolean;
  /** What differs from what we put there, in the host's words. */
  readonly drift: readonly string[];
  /** What an operator should know before. */
  readonly notes: readonly string[];
  readonly files: readonly FileChange[];
  /** To install, each as `name` or `name=version`. */
  readonly packages: readonly { readonly name: string; readonly from: string | null }[];
  readonly users: readonly string[];
  readonly kernel: readonly { readonly key: string; readonly from: string; readonly to: string }[];
  readonly units: readonly { readonly name: string; readonly verb: UnitVerb }[];
  /** Undefined where nothing restarts. */
  readonly outage?: Outage;
  /** `unknown`: the host can not be asked before it has the action's check; `failed`: its check gave no answer. */
  readonly actions: readonly (Pick<Action, "id" | "when" | "scope"> & {
    readonly state: "due" | "unknown" | "failed";
    /** Of a check that gave no answer. */
    readonly reason?: string;
  })[];
  /** What is not put back. */
  readonly noReturn: readonly string[];
  readonly member: Member;
}

export interface Wanted {
  readonly manifest: Manifest;
  readonly hash: string;
  /** Whole text of one of its text files. */
  readonly text: (path: string) => string;
  readonly secrets: Pick<Secrets, "content" | "masked">;
}

export function hostPlan(wanted: Wanted, answer: readonly Line[]): HostPlan {
  const { manifest, hash, secrets } = wanted;
  const said = new Answer(answer);
  const of = (step: string) => said.all(step);
  const held = heldOf(answer);
  const drift = of("drift").map(([what = ""]) => what);
  const rotated = secretChanges(manifest, answer, secrets);
  const same = held.manifest === hash && drift.length === 0 && rotated.every(({ value }) => value === "same");
  const changed = rotated.filter(({ value }) => value === "other").map(({ path }) => path);
  const actions = same
    ? []
    : actionsOf(manifest, [...of("action"), ...signedAnew(manifest, changed)], secrets);
  const units = unitsOf(
    manifest,
    of("unit").map(([name = "", verb]) => ({ name, verb: verb as UnitVerb })),
    changed,
  );
  const outage = outageOf(units, answer);
  const packages = of("package").map(([name = "", from = "-"]) => ({
    name,
    from: from === "-" ? null : from,
  }));
  return {
    host: manifest.host,
    wanted: hash,
    held,
    same,
    drift,
    notes: [...notesOf(of), ...unaskedNotes(of, secrets), ...(same ? [] : retiredNotes(manifest))],
    files: [...fileChanges(wanted, answer), ...secretFileChanges(rotated, drift)],
    packages,
    users: of("user").map(([name, group]) => (group === "-" ? `${name} is made` : `${name} joins ${group}`)),
    kernel: of("kernel").map(([key = "", from = "", to = ""]) => ({ key, from, to })),
    units,
    ...(outage && { outage }),
    actions,
    noReturn: [
      ...packages.map(({ name }) => `package ${name}`),
      ...actions
        .filter(({ id }) => !manifest.actions.find((action) => action.id === id)?.undo)
        .map(({ id, state }) => `action ${id}${state === "due" ? "" : ", if it is due"}`),
    ],
    member: memberOf(manifest, held, of("member")),
  };
}

/** What is gone for good once the host is proven to have left. */
function retiredNotes({ retired }: Manifest): string[] {
  if (!retired) return [];
  const data = retired.folders.map((path) => `data ${path} is ${retired.data}`);
  return ["it retires: secrets, keys and all earlier generations are wiped", ...data];
}

function notesOf(of: (step: string) => string[][]): string[] {
  return [
    ...of("busy").map(([holder]) => `another run holds the host: ${holder}`),
    ...of("guard").map(
      ([seconds]) =>
        `could lock us out: it puts itself back unless a new connection confirms it within ${seconds} s`,
    ),
    ...of("module").map(([name]) => `kernel module ${name} is loaded`),
    ...of("hold").map(([name]) => `package ${name} is held`),
    ...of("kept").map(([name]) => `package ${name} is not wanted any more, and stays`),
  ];
}

/** A script that fails has not said no. */
function unaskedNotes(of: (step: string) => string[][], secrets: Wanted["secrets"]): string[] {
  return of("unasked").map(([group, what, code, words]) => {
    const question = what === "leads" ? "whether the host leads it" : "whether the host has no data yet";
    return `group ${group}: could not be asked ${question} (${reasonOf(code, words, secrets)}); the order below takes it as no`;
  });
}

function reasonOf(code = "", words = "", secrets: Wanted["secrets"]): string {
  return [`exit code ${code}`, ...(words === "" ? [] : [secrets.masked(words)])].join(": ");
}

function actionsOf(
  manifest: Manifest,
  rows: readonly string[][],
  secrets: Wanted["secrets"],
): HostPlan["actions"] {
  const answers = new Map(rows.map(([id, ...fields]) => [id, fields]));
  return manifest.actions.flatMap(({ id, when, scope }): HostPlan["actions"][number][] => {
    const [state, code, words] = answers.get(id) ?? [];
    if (state === "failed") return [{ id, when, scope, state, reason: reasonOf(code, words, secrets) }];
    return state === "due" || state === "unknown" ? [{ id, when, scope, state }] : [];
  });
}

/** The host can not know that its authority changes: what that one signs is signed anew. */
function signedAnew({ secrets, actions }: Manifest, changed: readonly string[]): string[][] {
  const parts = secrets.filter(({ path }) => changed.includes(path)).flatMap((secret) => secret.parts);
  return actions
    .filter(({ certificate }) =>
      parts.some((part) => isDeepStrictEqual(part, certificate?.authority.certificate)),
    )
    .map(({ id }) => [id, "due"]);
}

/** Whether a secret changes the host can not know: what it triggers is added here. */
function unitsOf(manifest: Manifest, told: HostPlan["units"], secrets: readonly string[]): HostPlan["units"] {
  const verbs = new Map(told.map(({ name, verb }) => [name, verb]));
  for (const { name, state, restart, reload } of manifest.units) {
    const triggered = (paths: readonly string[]) => paths.some((path) => secrets.includes(path));
    const verb = verbs.get(name);
    if (state !== "started" || verb === "start" || verb === "restart") continue;
    if (triggered(restart)) verbs.set(name, "restart");
    else if (triggered(reload)) verbs.set(name, "reload");
  }
  return [...verbs].map(([name, verb]) => ({ name, verb }));
}

/** A host that was never applied to has no data of ours, whatever it can not be asked yet. */
function memberOf(manifest: Manifest, held: Held, rows: readonly string[][]): Member {
  const groups = (what: string) => rows.filter(([, state]) => state === what).map(([group = ""]) => group);
  const unborn = held.generation === 0 ? manifest.order.filter(({ fresh }) => fresh) : [];
  return {
    host: manifest.host,
    order: manifest.order.map(({ group, mode }) => ({ group, mode })),
    fresh: new Set([...groups("fresh"), ...unborn.map(({ group }) => group)]),
    leads: new Set(groups("leads")),
    retires: manifest.retired !== undefined,
  };
}
