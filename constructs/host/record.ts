// What a reviewer sees of a host in a plan: its files and all else it shall be, as lines that compare one by one.
import type { Bundle } from "../../bundle/bundle.ts";
import type { CertificateRequest, Manifest } from "../../bundle/manifest.ts";
import { versionsOf } from "../../bundle/versions.ts";

/** Longer texts are recorded by their hash: a plan of thousands of lines is read by nobody. */
const MAX_LINES = 300;

/** Path or aspect → lines; never a secret. */
export function record({ manifest, texts }: Bundle): Record<string, string | string[]> {
  const { retired } = manifest;
  const aspects: Record<string, string[]> = {
    // Read again before a host may leave its state for good.
    retired: retired ? [`data ${retired.data}`, ...retired.folders] : [],
    actions: manifest.actions.map(({ id, when, scope }) => `${id} (${when}, ${scope})`),
    certificates: manifest.actions.flatMap(({ id, certificate }) =>
      certificate ? [`${id}: ${certificateText(certificate)}`] : [],
    ),
    checks: manifest.checks.flatMap(({ id, paths }) => paths.map((path) => `${id} of ${path}`)),
    directories: manifest.directories.map(({ path, mode, owner }) => `${path} ${mode} ${owner}`),
    kernel: [
      ...manifest.modules.map((name) => `module ${name}`),
      ...manifest.sysctls.map(({ key, value }) => `${key} = ${value}`),
    ],
    modes: manifest.files.map(({ path, mode, owner }) => `${path} ${mode} ${owner}`),
    order: manifest.order.map(
      ({ group, mode, gateSeconds }) =>
        `${group} ${mode}${gateSeconds ? `, gate within ${gateSeconds} s` : ""}`,
    ),
    packages: [...manifest.packages],
    probes: manifest.probes.map(({ id, seconds }) => `${id} within ${seconds} s`),
    processes: manifest.processes.flatMap(({ name, command, environment, restart, port }) => [
      `${name}: ${command.join(" ")}`,
      ...(port === undefined ? [] : [`${name}: port ${port}`]),
      ...restart.map((path) => `${name}: restarts on ${path}`),
      ...Object.entries(environment).map(([key, value]) => `${name}: ${key}=${value}`),
    ]),
    secrets: manifest.secrets.map(
      (secret) => `${secret.path} ${secret.mode} ${secret.owner} versions ${versionsOf(secret) || "none"}`,
    ),
    units: manifest.units.flatMap(({ name, state, restart, reload }) => [
      `${name} ${state}`,
      ...restart.map((path) => `${name} restarts on ${path}`),
      ...reload.map((path) => `${name} reloads on ${path}`),
    ]),
    users: manifest.users.map(({ name, home, shell, groups }) => [name, home, shell, ...groups].join(" ")),
  };
  const scripts = [
    ...manifest.checks.map(({ id, command }) => [`check ${id}`, command] as const),
    ...manifest.probes.map(({ id, command }) => [`probe ${id}`, command] as const),
    ...manifest.actions.flatMap(({ id, check, apply, undo, request }) => [
      [`action ${id} check`, check] as const,
      [`action ${id} apply`, apply] as const,
      ...(undo ? [[`action ${id} undo`, undo] as const] : []),
      ...(request ? [[`action ${id} request`, request] as const] : []),
    ]),
    ...manifest.order.flatMap((order) =>
      (["fresh", "leads", "handover", "gate"] as const).flatMap((part) =>
        order[part] ? [[`order ${order.group} ${part}`, order[part]] as const] : [],
      ),
    ),
  ];
  const files = manifest.files.map(({ path, sha256 }) => [path, lines(texts.get(path), sha256)] as const);
  const archives = manifest.archives.map(({ path, sha256 }) => [path, sha256] as const);
  return Object.fromEntries<string | string[]>(
    [
      ...Object.entries(aspects).filter(([, value]) => value.length > 0),
      ...scripts.map(([name, text]) => [name, text.replace(/\n$/, "").split("\n")] as const),
      ...files,
      ...archives,
    ].map(([name, value]) => [name, value as string | string[]]),
  );
}

/** Path → versions of the secrets in it: raising one rotates it. */
export function secretVersions(manifest: Manifest): Record<string, string> {
  return Object.fromEntries(manifest.secrets.map((secret) => [secret.path, versionsOf(secret)]));
}

function certificateText({ names, addresses, days, usages, authority }: CertificateRequest): string {
  const signer = "file" in authority.certificate ? authority.certificate.file : authority.certificate.env;
  return `${[...names, ...addresses].join(" ")}, ${usages.join(" ")}, ${days} days, signed by ${signer}`;
}

function lines(text: string | undefined, hash: string): string | string[] {
  if (text === undefined) return hash;
  const all = text.replace(/\n$/, "").split("\n");
  return all.length > MAX_LINES ? hash : all;
}
