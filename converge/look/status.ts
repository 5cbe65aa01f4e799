// `soundstage status`: what hosts say of themselves, a round trip each.

import { Hosts } from "../output/hosts.ts";
import type { Wanted } from "../output/selection.ts";
import { type HostStatus, hostStatus, type Unreachable, unreachable } from "./host-status.ts";
import { statusText } from "./status-table.ts";

export interface StatusOptions extends Wanted {
  readonly json?: boolean;
}

/** @returns 0 where all hosts are well, else 1 */
export async function status(options: StatusOptions): Promise<number> {
  const hosts = await Hosts.of(options);
  const answers = await hosts.each(async (remote, machine) => {
    const began = Date.now();
    const answer = await remote.ask("status");
    return hostStatus(machine, answer, { began, ended: Date.now() });
  });
  const found = [...answers].map(([host, answer]): HostStatus | Unreachable =>
    answer instanceof Error ? unreachable(hosts.machine(host), answer.message) : answer,
  );
  if (options.json) console.log(JSON.stringify({ hosts: found }, null, 2));
  else process.stdout.write(statusText(found));
  return found.every(({ faults }) => faults.length === 0) ? 0 : 1;
}
