// Files of a plan: what becomes of each, and which lines of a text change.

import { Answer, type Line } from "../script/answer.ts";
import { type SecretChange, UNVERSIONED } from "../script/secret-changes.ts";
import { unifiedDiff } from "../text/line-diff.ts";
import type { Wanted } from "./host-plan.ts";

/** Bytes, as in the host's script. */
const SHOWN = 262_144;

export interface FileChange {
  readonly path: string;
  /** `restore`: what was there before us comes back. */
  readonly what: "add" | "change" | "mode" | "remove" | "restore";
  /** What is there is not what we put there either. */
  readonly drift: boolean;
  /** In words, where no lines are shown or more than lines change. */
  readonly note?: string;
  /** Hunks of `diff -u`. */
  readonly diff?: string;
}

/** Files, folders and archives, in the order of their paths. */
export function fileChanges(wanted: Wanted, answer: readonly Line[]): FileChange[] {
  const said = new Answer(answer);
  const drifted = new Set(said.all("drift").map(([what = ""]) => pathOf(what)));
  const drift = (path: string) => drifted.has(path);
  const contents = new Map(
    said.all("content").map(([base64 = "", path = ""]) => [path, Buffer.from(base64, "base64").toString()]),
  );
  const fits = fitting(
    wanted,
    said.all("file").flatMap(([what, , , , path = ""]) => (what === "new" ? [path] : [])),
  );
  const changes = answer.flatMap(([step, ...fields]): FileChange[] => {
    switch (step) {
      case "file": {
        const [what = "", mode = "", owner = "", type = "", path = ""] = fields;
        const change = fileChange(
          wanted,
          { what, mode, owner, type, path },
          contents.get(path),
          fits.has(path),
        );
        return [{ ...change, drift: drift(path) }];
      }
      case "dir": {
        const [mode = "", owner = "", path = ""] = fields;
        const is = wanted.manifest.directories.find((directory) => directory.path === path);
        const what = mode === "-" ? "add" : "mode";
        const note = what === "add" ? "folder" : `folder, ${attributes({ mode, owner }, is)}`;
        return [{ path, what, drift: drift(path), note }];
      }
      case "archive": {
        const [path = ""] = fields;
        return [{ path, what: "change", drift: drift(path), note: "a tree of files, replaced as a whole" }];
      }
      case "gone": {
        const [way, path = ""] = fields;
        const restore = { what: "restore", note: "what was there before us comes back" } as const;
        return [{ path, drift: drift(path), ...(way === "back" ? restore : { what: "remove" }) }];
      }
      default:
        return [];
    }
  });
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The path of a drift, behind which its host says how the file differs where that is not its content. */
function pathOf(drift: string): string {
  return drift.replace(/ \((gone|(mode|owner) is .*)\)$/, "");
}

/** Of texts that are added those that are shown: together as much as a host shows of what it has. */
function fitting({ manifest }: Wanted, added: readonly string[]): Set<string> {
  const sizes = new Map(
    manifest.files.flatMap(({ path, size, source }) => (source === "text" ? [[path, size] as const] : [])),
  );
  let left = SHOWN;
  return new Set(
    added.filter((path) => {
      const size = sizes.get(path);
      if (size === undefined || size > left) return false;
      left -= size;
      return true;
    }),
  );
}

interface Found {
  readonly what: string;
  readonly mode: string;
  readonly owner: string;
  readonly type: string;
  readonly path: string;
}

function fileChange(
  { manifest, text, secrets }: Wanted,
  { what, path, mode, owner, type }: Found,
  current: string | undefined,
  fits: boolean,
): Omit<FileChange, "drift"> {
  const file = manifest.files.find((candidate) => candidate.path === path);
  if (what === "new") {
    const note = `${file?.mode} ${file?.owner}, ${file?.size} bytes`;
    if (file?.source !== "text") return { path, what: "add", note };
    if (!fits) return { path, what: "add", note: `${note}; its lines are not shown: they are long` };
    const diff = unifiedDiff("", secrets.masked(text(path)));
    return { path, what: "add", note, ...(diff !== "" && { diff }) };
  }
  const changed = attributes({ mode, owner }, file);
  if (what === "mode") return { path, what: "mode", note: changed };
  const also = changed === "" ? {} : { note: changed };
  const unshown = (why: string) => ({
    path,
    what: "change" as const,
    note: [why, changed].filter(Boolean).join("; "),
  });
  if (!type.startsWith("regular")) return unshown(`it is a ${type}`);
  if (file?.source !== "text") return unshown(`another content of ${file?.size} bytes`);
  if (current === undefined) return unshown(`its lines are not shown: ${reasonUnshown(mode)}`);
  const diff = unifiedDiff(secrets.masked(current), secrets.masked(text(path)));
  return diff === "" ? unshown("what differs is masked") : { path, what: "change", diff, ...also };
}

/** A host shows no lines of what it keeps from some, of what holds NUL bytes, and of what is beyond its answer. */
function reasonUnshown(mode: string): string {
  return /[4567]$/.test(mode)
    ? `it is no text, or the texts that differ are longer than ${SHOWN / 1024} KiB`
    : `with mode ${mode} it is not for everybody on the host to read`;
}

function attributes(
  is: { readonly mode: string; readonly owner: string },
  wanted: { readonly mode: string; readonly owner: string } | undefined,
): string {
  if (!wanted) return "";
  return (["mode", "owner"] as const)
    .filter((name) => is[name] !== wanted[name])
    .map((name) => `${name} ${is[name]} → ${wanted[name]}`)
    .join(", ");
}

/** Of a secret its versions are told, and never a byte of either side. */
export function secretFileChanges(secrets: readonly SecretChange[], drift: readonly string[]): FileChange[] {
  return secrets.map(({ path, held, wanted, value }) => {
    const isDrift = drift.some((what) => pathOf(what) === path);
    if (wanted === UNVERSIONED)
      return {
        path,
        what: held === undefined ? "add" : "change",
        drift: isDrift,
        note: "the operator's own",
      };
    if (held === undefined) return { path, what: "add", drift: isDrift, note: `secret, version ${wanted}` };
    const note = `secret, version ${held} → ${wanted}${value === "same" ? ", with the same value" : ""}`;
    return { path, what: "change", drift: isDrift, note };
  });
}
