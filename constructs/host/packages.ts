// A host's packages as its manifest lists them.
import type { PackagesLock } from "../../bundle/packages-lock.ts";

/** Of Debian: what the packages, settings and units of all constructs are written for. */
const RELEASE = "bookworm";

/** Sorted, with the version where it is pinned, as apt-get(8) spells it. */
export function packageList(names: ReadonlySet<string>, lock: PackagesLock = {}): string[] {
  return [...names].sort().map((name) => {
    const version = lock[RELEASE]?.[name];
    return version === undefined ? name : `${name}=${version}`;
  });
}
