import type { Construct } from "constructs";
import type { Connection } from "../../bundle/manifest.ts";
import { Host } from "../../constructs/host/host.ts";
import type { HostProps } from "../../constructs/host/props.ts";

/** A host of the lab in a stack, as its row would say it. */
export function labHost(
  scope: Construct,
  name: string,
  ssh: Partial<Connection> & Pick<Connection, "address">,
  more: Partial<HostProps> = {},
): Host {
  const transport = { ssh: { ports: [22], user: "root", identity: "id_ed25519", ...ssh } };
  return new Host(scope, name, { transport, cpus: 1, memory: 512, kernel: "shared", ...more });
}
