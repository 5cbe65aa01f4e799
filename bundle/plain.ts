// The manifest as the host's shell reads it: one record a line, tab separated, scripts by their hash.
import { manifestHash } from "./bundle.ts";
import { sha256 } from "./hash.ts";
import type { Manifest, Script } from "./manifest.ts";
import { versionsOf } from "./versions.ts";

/** Stands for a field that is empty: `read` would swallow two tabs as one. */
const NONE = "-";

/** First line: format and hash of `manifest.json`. */
export function plainText(manifest: Manifest): string {
  const records: (readonly (string | number)[])[] = [
    ["soundstage", manifest.format, manifestHash(manifest), manifest.host],
    ...manifest.packages.map((name) => ["package", ...name.split("=")]),
    ...manifest.users.map(({ name, home, shell, groups }) => [
      "user",
      name,
      home,
      shell,
      groups.join(",") || NONE,
    ]),
    ...manifest.directories.map(({ path, mode, owner }) => ["dir", mode, owner, path]),
    ...manifest.files.map((file) => [
      "file",
      file.mode,
      file.owner,
      file.sha256,
      file.size,
      file.source,
      file.path,
    ]),
    ...manifest.archives.map(({ path, sha256: hash, size }) => ["archive", hash, size, path]),
    ...manifest.secrets.map((secret) => [
      ...["secret", secret.mode, secret.owner, versionsOf(secret) || NONE, secret.path],
    ]),
    ...manifest.modules.map((name) => ["module", name]),
    ...manifest.sysctls.map(({ key, value }) => ["sysctl", key, value]),
    ...manifest.units.flatMap(({ name, state, restart, reload }) => [
      ["unit", name, state],
      ...restart.map((path) => ["trigger", name, "restart", path]),
      ...reload.map((path) => ["trigger", name, "reload", path]),
    ]),
    ...manifest.checks.flatMap(({ id, command, paths }) => [
      ["check", id, sha256(command)],
      ...paths.map((path) => ["checkpath", id, path]),
    ]),
    ...manifest.actions.map(({ id, when, scope, check, apply, undo, request }) => [
      ...["action", id, when, scope, sha256(check), sha256(apply)],
      ...[undo ? sha256(undo) : NONE, request ? sha256(request) : NONE],
    ]),
    ...manifest.probes.map(({ id, command, seconds }) => ["probe", id, seconds, sha256(command)]),
    ...manifest.order.map(({ group, fresh, leads, handover, gate, gateSeconds }) => [
      ...["order", group, hashOf(fresh), hashOf(leads), hashOf(handover), hashOf(gate), gateSeconds ?? 60],
    ]),
    ...(manifest.produces ?? []).map((path) => ["produces", path]),
    ...(manifest.retired ? [["retired", manifest.retired.data]] : []),
    ...(manifest.retired?.folders ?? []).map((path) => ["data", path]),
  ];
  return records.map((record) => `${record.map(field).join("\t")}\n`).join("");
}

/** Name under the bundle's `commands/` → script. */
export function commands(manifest: Manifest): Map<string, Script> {
  const named: [string, Script | undefined][] = [
    ...manifest.checks.map(({ id, command }): [string, Script] => [`check-${id}`, command]),
    ...manifest.probes.map(({ id, command }): [string, Script] => [`probe-${id}`, command]),
    ...manifest.actions.flatMap((action): [string, Script | undefined][] =>
      (["check", "apply", "undo", "request"] as const).map((part) => [
        `action-${action.id}.${part}`,
        action[part],
      ]),
    ),
    ...manifest.order.flatMap((order): [string, Script | undefined][] =>
      (["fresh", "leads", "handover", "gate"] as const).map((part) => [
        `order-${order.group}.${part}`,
        order[part],
      ]),
    ),
  ];
  return new Map(named.filter((entry): entry is [string, Script] => entry[1] !== undefined));
}

function hashOf(script: Script | undefined): string {
  return script === undefined ? NONE : sha256(script);
}

function field(value: string | number): string {
  const text = String(value);
  if (/[\t\n\r\0]/.test(text) || text === "")
    throw new Error(`a manifest field is empty or spans lines: ${JSON.stringify(text)}`);
  return text;
}
