// The base of the ratios: OpenSSH's client, which asks each host for nothing but `true`.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Timed, timed } from "./child.ts";

export interface Target {
  readonly address: string;
  readonly port: number;
  readonly hostKey: string;
}

/** A host of the lab. */
export function targetOf({ address, hostKey }: Omit<Target, "port">): Target {
  return { address, hostKey, port: 22 };
}

export class OpenSsh {
  readonly knownHosts: string;
  readonly options: readonly string[];

  /** @param folder where its known hosts are written */
  constructor(folder: string, identity: string, targets: readonly Target[]) {
    this.knownHosts = join(folder, "known_hosts");
    writeFileSync(
      this.knownHosts,
      targets
        .map(({ address, port, hostKey }) => `${port === 22 ? address : `[${address}]:${port}`} ${hostKey}\n`)
        .join(""),
    );
    const settings = {
      BatchMode: "yes",
      StrictHostKeyChecking: "yes",
      UserKnownHostsFile: this.knownHosts,
      IdentityFile: identity,
      IdentitiesOnly: "yes",
      ControlMaster: "no",
    };
    this.options = [
      "-F",
      "none",
      ...Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]),
    ];
  }

  /** A connection of its own to each, at most so many at a time. */
  async everywhere(targets: readonly Target[], atOnce = targets.length): Promise<number> {
    const input = targets.map(({ address, port }) => `ssh://root@${address}:${port}\n`).join("");
    const each = ["-P", String(atOnce), "-I", "{}", "ssh", ...this.options, "{}", "true"];
    return (await timed("xargs", each, { input })).ms;
  }

  on({ address, port }: Target, command: string): Promise<Timed> {
    return timed("ssh", [...this.options, `ssh://root@${address}:${port}`, command]);
  }
}
