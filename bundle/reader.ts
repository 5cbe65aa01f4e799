// Reads what the writer wrote; used where the output is applied, which may be another machine.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { manifestText } from "./bundle.ts";
import { sha256 } from "./hash.ts";
import type { Manifest, RegionFile } from "./manifest.ts";
import {
  broken,
  FLAG,
  FORMAT,
  type Forms,
  MAPPINGS,
  OutputFault,
  optional,
  outputJson,
  TEXT,
  TEXTS,
} from "./output-json.ts";
import { commands, plainText } from "./plain.ts";

export interface HostBundle {
  readonly manifest: Manifest;
  /** What Terraform planned and the host answers. */
  readonly hash: string;
  readonly plain: string;
  /** The host's script; empty for a folder. */
  readonly script: string;
  /** Hash → how to read what it stands for. */
  readonly objects: ReadonlyMap<
    string,
    { readonly size: number; readonly file?: string; readonly text?: string }
  >;
}

const isHost = (row: { host?: unknown; address?: unknown; ports?: unknown; directory?: unknown }) =>
  typeof row.host === "string" &&
  (typeof row.directory === "string" || (typeof row.address === "string" && Array.isArray(row.ports)));

const REGION: Forms = {
  format: FORMAT,
  stack: TEXT,
  platform: TEXT,
  example: FLAG,
  waves: optional(TEXTS),
  leaving: optional(MAPPINGS),
  hosts: [
    "a list of hosts, each with its address and ports or its directory",
    (value) => MAPPINGS[1](value) && (value as object[]).every(isHost),
  ],
};

const MANIFEST: Forms = {
  format: FORMAT,
  host: TEXT,
  transport: TEXT,
  packages: TEXTS,
  modules: TEXTS,
  ...Object.fromEntries(
    ["users", "directories", "files", "archives", "secrets", "sysctls", "units", "checks"].map((key) => [
      key,
      MAPPINGS,
    ]),
  ),
  ...Object.fromEntries(["actions", "probes", "order", "processes"].map((key) => [key, MAPPINGS])),
};

export function readRegion(output: string, stack: string): RegionFile {
  const region = regionOf(output, stack);
  if (region) return region;
  throw new OutputFault(
    `${join(output, "stacks", stack, "region.json")} is not there: "${stack}" has no hosts, or the output was not synthesized: run cdktf synth; where another output is meant: --output <folder>`,
  );
}

/** What an output says of a stack's hosts; undefined where it has none. */
export function regionOf(output: string, stack: string): RegionFile | undefined {
  const file = join(output, "stacks", stack, "region.json");
  return existsSync(file) ? (outputJson(readFileSync(file, "utf8"), file, REGION) as RegionFile) : undefined;
}

export function readBundle(output: string, stack: string, host: string): HostBundle {
  const root = join(output, "stacks", stack, "hosts", host);
  const file = join(root, "manifest.json");
  const text = textOf(file);
  const manifest = outputJson(text, file, MANIFEST) as Manifest;
  if (manifestText(manifest) !== text) throw new OutputFault(`${file} was changed by hand; run cdktf synth`);
  try {
    const script = scriptIn(join(root, "bootstrap.sh"));
    const objects = objectsOf(output, root, manifest);
    return { manifest, hash: sha256(text), plain: plainText(manifest), script, objects };
  } catch (error) {
    if ("syscall" in (error as Error)) throw error;
    // Its lists hold what no synthesis writes.
    throw broken(file, (error as Error).message);
  }
}

function objectsOf(output: string, root: string, manifest: Manifest): HostBundle["objects"] {
  const objects = new Map<string, { size: number; file?: string; text?: string }>();
  for (const { path, sha256: hash, size, source } of manifest.files) {
    objects.set(hash, {
      size,
      file: source === "text" ? join(root, "files", path) : join(output, "blobs", hash),
    });
  }
  for (const { sha256: hash, size } of manifest.archives)
    objects.set(hash, { size, file: join(output, "blobs", hash) });
  for (const script of commands(manifest).values()) {
    objects.set(sha256(script), { size: Buffer.byteLength(script), text: script });
  }
  return objects;
}

/** The script read last: of a thousand hosts all have the same, and one of it is enough. */
let known = "";

function scriptIn(file: string): string {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (text !== known) known = text;
  return known;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new OutputFault(
      `${file} is not there: the output is not whole, or is being synthesized anew; run cdktf synth`,
    );
  }
}
