// What converge alone upgrades and restarts: done unattended, in the night, it could cost a failover.
import type { Construct } from "constructs";
import { list } from "../../templates/apt/print.ts";
import { keepRunning } from "../../templates/needrestart/print.ts";
import type { Host } from "./host.ts";

export interface Attended {
  /** Debian's unattended upgrades leave them; an upgrade would restart them. */
  readonly packages: readonly string[];
  /** needrestart leaves them, where it is installed and set to restart what uses libraries that were upgraded. */
  readonly units: readonly string[];
}

export function attended(by: Construct, host: Host, { packages, units }: Attended): void {
  // Its patterns are Python's, matched from the start of a name.
  const patterns = packages.map((name) => `${name.replaceAll(/[.+]/g, "[$&]")}$`);
  host.file(by, "/etc/apt/apt.conf.d/60soundstage", {
    content: list("Unattended-Upgrade::Package-Blacklist", patterns),
  });
  host.file(by, "/etc/needrestart/conf.d/soundstage.conf", { content: keepRunning(units) });
}
