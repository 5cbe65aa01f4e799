import type { Artifact } from "../bundle/manifest.ts";

/** The large files that a host of the relay is shipped. */
export interface Artifacts {
  /** Release (`workspace` or a version) → its tarball. */
  readonly releases: ReadonlyMap<string, Artifact>;
  /** The Node runtime: one binary for Linux on x86-64. */
  readonly node: Artifact;
}

export function releaseOf(artifacts: Artifacts, name: string): Artifact {
  const release = artifacts.releases.get(name);
  if (!release)
    throw new Error(
      `release ${name} is not to be had; there are ${[...artifacts.releases.keys()].join(", ")}`,
    );
  return release;
}
