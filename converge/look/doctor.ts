// `soundstage doctor`: the operator's machine and hosts, and the command that mends what is not as it should be.
import { join, resolve } from "node:path";
import type { RegionFile } from "../../bundle/manifest.ts";
import { supervised } from "../local/supervisor.ts";
import { Hosts, type HostsWanted, type Machine } from "../output/hosts.ts";
import { platformFolder } from "../output/platform-folder.ts";
import { select } from "../output/selection.ts";
import { sshCommand } from "../ssh/ssh-command.ts";
import { type Cell, hasColours, tableText } from "../text/table.ts";
import { type Finding, finding } from "./finding.ts";
import { hereFindings } from "./here-findings.ts";
import { hostFindings } from "./host-findings.ts";

export interface DoctorOptions {
  readonly output: string;
  /** Whose hosts are examined. @default none */
  readonly stack?: string | readonly string[];
  /** Names of these; all when empty. */
  readonly hosts?: readonly string[];
  readonly json?: boolean;
  /** What was found wrong with the platform file; none where it is valid. */
  readonly platform: { readonly file: string; readonly fault?: string };
}

/** @returns 0 where all is as it should be, else 1 */
export async function doctor(options: DoctorOptions): Promise<number> {
  const { json, platform } = options;
  const { file, fault } = platform;
  const found = [
    ...(await hereFindings()),
    finding(
      "here",
      "platform",
      fault === undefined,
      fault?.split("\n")[0] ?? `${file}: no faults`,
      "soundstage validate",
    ),
    ...(await examined(options)),
  ];
  if (json) console.log(JSON.stringify({ findings: found }, null, 2));
  else process.stdout.write(doctorText(found));
  return found.every(({ ok }) => ok) ? 0 : 1;
}

async function examined({ output, stack: named = [], hosts = [], json }: DoctorOptions): Promise<Finding[]> {
  if (named.length === 0) return [];
  const regions = select({ output, stack: named, hosts });
  const folders = regions.flatMap((region) => foldersIn(output, region));
  const rows = regions.flatMap(({ stack, hosts: meant }) =>
    meant.flatMap((row) => ("address" in row ? [{ stack, host: row.host }] : [])),
  );
  if (rows.length === 0) return folders;
  const stack = rows.map((row) => row.stack);
  return [...folders, ...(await machines({ output, stack, hosts: rows.map(({ host }) => host), json }))];
}

/** Hosts that are folders of this machine: their processes run, or not. */
function foldersIn(output: string, { stack, hosts }: RegionFile): Finding[] {
  return hosts.flatMap((row) => {
    if ("address" in row) return [];
    const folder = resolve(platformFolder(output, stack), row.directory);
    const runs = supervised(join(folder, ".soundstage"));
    const found = `${folder}: ${runs ? "its processes run" : "nothing of it runs"}`;
    return [finding(row.host, "processes", runs, found, `soundstage apply --stack ${stack}`)];
  });
}

async function machines(wanted: HostsWanted): Promise<Finding[]> {
  const hosts = await Hosts.of(wanted);
  const answers = await hosts.each(async (remote, machine) => {
    const began = Date.now();
    const answer = await remote.ask("facts", machine.bundle.manifest.modules);
    return hostFindings(machine, answer, { began, ended: Date.now() });
  });
  return [...answers].flatMap(([host, answer]) =>
    answer instanceof Error
      ? [
          finding(
            host,
            "ssh",
            false,
            answer.message.replaceAll("\n", "; "),
            byHand(hosts.machine(host), wanted.output),
          ),
        ]
      : answer,
  );
}

function byHand({ connection, stack }: Machine, output: string): string {
  return sshCommand(connection, platformFolder(output, stack));
}

export function doctorText(found: readonly Finding[], colours = hasColours()): string {
  const rows = found.flatMap(({ where, what, ok, note, found: text, fix }): Cell[][] => [
    [{ text: where }, { text: what }, verdict(ok, note ?? false), { text }],
    ...(fix ? [[{ text: "" }, { text: "" }, { text: "" }, { text: `→ ${fix}` }]] : []),
  ]);
  const failing = found.filter(({ ok }) => !ok).length;
  const table = tableText(
    [{ title: "where" }, { title: "what" }, { title: "" }, { title: "found" }],
    rows,
    colours,
  );
  return `${table}\n${failing === 0 ? "all is as it should be" : `${failing} of ${found.length} fail`}\n`;
}

function verdict(ok: boolean, note: boolean): Cell {
  if (!ok) return { text: "FAILS", tone: "bad" };
  return note ? { text: "note", tone: "quiet" } : { text: "ok", tone: "good" };
}
