// `soundstage history`: the generations that a host keeps, or all that was ever done to it.

import { Hosts } from "../output/hosts.ts";
import type { Line } from "../script/answer.ts";
import { generations } from "../script/generations.ts";
import { hasColours, tableText } from "../text/table.ts";

export interface HistoryOptions {
  readonly output: string;
  readonly stack: string;
  readonly host: string;
  /** All that was done, not only what is kept. */
  readonly audit?: boolean;
  readonly json?: boolean;
}

export async function history({ host, audit, json, ...wanted }: HistoryOptions): Promise<void> {
  const hosts = await Hosts.of({ ...wanted, hosts: [host], json });
  const lines = await hosts.reach(host, (remote) => remote.ask(audit ? "audit" : "history"));
  const ours = hosts.machine(host).bundle.hash;
  if (json)
    console.log(
      JSON.stringify(
        audit ? { host, audit: audited(lines) } : { host, generations: generations(lines) },
        null,
        2,
      ),
    );
  else if (lines.length === 0) console.log(`nothing was applied to ${host} yet`);
  else process.stdout.write(audit ? auditText(lines) : historyText(lines, ours));
}

/** @param ours the hash of the output's bundle */
export function historyText(lines: readonly Line[], ours: string, colours = hasColours()): string {
  const kept = generations(lines);
  const held = kept.find(({ holds }) => holds)?.manifest;
  return tableText(
    [
      { title: "gen", align: "right" },
      { title: "" },
      { title: "bundle" },
      { title: "" },
      { title: "applied" },
      { title: "by" },
      { title: "commit" },
    ],
    kept.map(({ number, holds, manifest, time, by, origin }) => [
      { text: String(number) },
      holds
        ? { text: "holds", tone: "good" }
        : { text: manifest === held ? "kept, the bundle that holds" : "kept", tone: "quiet" },
      { text: manifest.slice(0, 8) },
      { text: manifest === ours ? "this output's" : "", tone: "quiet" },
      { text: time },
      { text: by.replace(/ since .*$/, "") },
      { text: origin === "-" ? "" : origin.replace(/^([0-9a-f]{12})[0-9a-f]*/, "$1") },
    ]),
    colours,
  );
}

interface Event {
  readonly time: string;
  readonly by: string;
  /** Address that the run came from, or `here`. */
  readonly from: string;
  readonly event: string;
  readonly text: string;
}

/** Events that are no mishap. */
const ORDINARY = ["generation", "upgrade", "reboot"];

function audited(lines: readonly Line[]): Event[] {
  return lines.map(([time, by = "", from = "", event = "", text = ""]) => ({
    time,
    by,
    from: from.split(" ")[0] ?? "",
    event,
    text,
  }));
}

function auditText(lines: readonly Line[]): string {
  return tableText(
    [{ title: "time" }, { title: "what" }, { title: "" }, { title: "by" }, { title: "from" }],
    audited(lines).map(({ time, by, from, event, text }) => [
      { text: time },
      { text: event, ...(!ORDINARY.includes(event) && { tone: "bad" as const }) },
      { text },
      { text: by.replace(/ since .*$/, "") },
      { text: from },
    ]),
  );
}
