// The bundle of a host that retires: nothing but how it is reached and how it leaves its groups. What it does not name goes.
import type { Bundle } from "../../bundle/bundle.ts";
import type { Manifest } from "../../bundle/manifest.ts";

type Staying = Pick<Manifest, "host" | "files" | "units" | "checks" | "order" | "retired"> &
  Pick<Bundle, "texts">;

export function emptied({ texts, ...staying }: Staying): Bundle {
  const nothing: Omit<Manifest, "host" | "retired"> = {
    format: 1,
    transport: "ssh",
    packages: [],
    users: [],
    directories: [],
    files: [],
    archives: [],
    secrets: [],
    modules: [],
    sysctls: [],
    units: [],
    checks: [],
    actions: [],
    probes: [],
    order: [],
    processes: [],
  };
  return { manifest: { ...nothing, ...staying }, texts, artifacts: [] };
}
