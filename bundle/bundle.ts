// A host's bundle before it is written: the manifest and what its hashes stand for.
import { sha256 } from "./hash.ts";
import type { Artifact, Manifest } from "./manifest.ts";

export interface Bundle {
  readonly manifest: Manifest;
  /** Path on the host → whole text. */
  readonly texts: ReadonlyMap<string, string>;
  readonly artifacts: readonly Artifact[];
}

/** The bytes of `manifest.json`: stable, one value a line, so that a reviewer can read a golden. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** What a host answers and Terraform compares: the hash of `manifest.json`. */
export function manifestHash(manifest: Manifest): string {
  return sha256(manifestText(manifest));
}
