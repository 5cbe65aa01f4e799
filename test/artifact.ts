import { readFileSync } from "node:fs";
import { sha256 } from "../bundle/hash.ts";
import type { Artifact } from "../bundle/manifest.ts";

/** A file of this machine, as a bundle names what it does not hold itself. */
export function artifactOf(file: string): Artifact {
  const content = readFileSync(file);
  return { file, sha256: sha256(content), size: content.length };
}
