// A pin's way into the platform file: one edit in place, so that comments and form stay as people wrote them.
import { isDeepStrictEqual } from "node:util";
import { isMap, isNode, type Node, parseDocument, type YAMLMap } from "yaml";

/** Names that lead to a host's row. */
export type Row = readonly string[];

/** The text with a host's pin in it; throws where it is not that one pin alone that would change. */
export function withPin(text: string, row: Row, pin: string): string {
  const host = read(text).getIn(row, true);
  if (!isMap(host)) throw byHand(row, pin, "its row is no mapping of its own");
  const ssh = host.get("ssh", true);
  const edited = isMap(ssh)
    ? set(text, ssh, "hostKey", pin)
    : ssh === undefined
      ? set(text, host, "ssh", `{ hostKey: ${pin} }`)
      : undefined;
  if (edited === undefined || !isDeepStrictEqual(plain(edited), expected(text, row, pin)))
    throw byHand(row, pin, "it shares its `ssh` with others, or is written in a way that can not be edited");
  return edited;
}

function read(text: string) {
  return parseDocument(text, { schema: "core", merge: false, stringKeys: true, uniqueKeys: false });
}

/** Without what is shared: what an anchor stands for counts for each place on its own. */
function plain(text: string): unknown {
  return JSON.parse(JSON.stringify(read(text).toJS()));
}

function expected(text: string, row: Row, pin: string): unknown {
  const root = plain(text) as Record<string, unknown>;
  const host = row.reduce<Record<string, unknown>>((outer, key) => outer[key] as typeof root, root);
  host.ssh = { ...(host.ssh as object | undefined), hostKey: pin };
  return root;
}

function set(text: string, map: YAMLMap, key: string, value: string): string | undefined {
  const pair = map.items.find((item) => isNode(item.key) && String(item.key) === key);
  if (pair) {
    const range = (pair.value as Node | null)?.range;
    return range ? replaced(text, range[0], range[1], value) : undefined;
  }
  const last = map.items.at(-1);
  const end = ((last?.value ?? last?.key) as Node | undefined)?.range?.[1];
  if (map.flow) {
    const start = (map.range as [number, number, number])[0] + 1;
    return end === undefined
      ? replaced(
          text,
          start,
          start + (text.slice(start).match(/^\s*/)?.[0].length ?? 0),
          ` ${key}: ${value} `,
        )
      : replaced(text, end, end, `, ${key}: ${value}`);
  }
  const first = (map.items[0]?.key as Node | undefined)?.range?.[0];
  if (first === undefined || end === undefined) return undefined;
  const indent = first - (text.lastIndexOf("\n", first - 1) + 1);
  const stop = text.slice(0, end).trimEnd().length;
  const rest = text.slice(stop).search(/\r?\n|$/);
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  return replaced(text, stop + rest, stop + rest, `${newline}${" ".repeat(indent)}${key}: ${value}`);
}

function replaced(text: string, from: number, to: number, value: string): string {
  return text.slice(0, from) + value + text.slice(to);
}

function byHand(row: Row, pin: string, reason: string): Error {
  return new Error(
    `the pin of ${row.at(-1)} can not be written: ${reason}; write it by hand\n  ssh.hostKey: ${pin}`,
  );
}
