// What a run is told of the plan that it applies: of each host one digest, since all of them travel in one variable.
import { createHash } from "node:crypto";

export interface Planned {
  /** Hash of `manifest.json`. */
  readonly manifest: string;
  /** Address, or the directory of a folder. */
  readonly place: string;
  readonly hostKey: string | undefined;
}

/** Base64 of a SHA-256; `PLANNED` of `constructs/host/planned.ts` has Terraform compute the same. */
export function plannedDigest({ manifest, place, hostKey }: Planned): string {
  return createHash("sha256")
    .update([manifest, place, hostKey ?? ""].join("\n"))
    .digest("base64");
}
