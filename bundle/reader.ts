// Reads what the writer wrote; used where the output is applied, which may be another machine.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { manifestText } from "./bundle.ts";
import { sha256 } from "./hash.ts";
import type { Manifest, RegionFile } from "./manifest.ts";
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

export class OutputFault extends Error {}

export function readRegion(output: string, stack: string): RegionFile {
  const file = join(output, "stacks", stack, "region.json");
  if (!existsSync(file)) {
    throw new OutputFault(
      `${file} is not there: "${stack}" has no hosts, or the output was not synthesized; run cdktf synth`,
    );
  }
  return JSON.parse(readFileSync(file, "utf8")) as RegionFile;
}

export function readBundle(output: string, stack: string, host: string): HostBundle {
  const root = join(output, "stacks", stack, "hosts", host);
  const text = textOf(join(root, "manifest.json"));
  const manifest = JSON.parse(text) as Manifest;
  if (manifestText(manifest) !== text)
    throw new OutputFault(`${join(root, "manifest.json")} was changed by hand; run cdktf synth`);
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
  const script = scriptIn(join(root, "bootstrap.sh"));
  return { manifest, hash: sha256(text), plain: plainText(manifest), script, objects };
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
