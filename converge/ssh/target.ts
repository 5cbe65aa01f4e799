// What is connected to: a host, or a jump host on the way to one.
import type { Connection, SecretRef } from "../../bundle/manifest.ts";

export interface Target {
  /** The host that is meant in the end. */
  readonly host: string;
  readonly address: string;
  readonly ports: readonly number[];
  readonly user: string;
  readonly hostKey?: string | undefined;
  readonly knownHosts?: string | undefined;
  readonly identity?: string | undefined;
  readonly passphrase?: SecretRef | undefined;
  readonly isJump: boolean;
  /** Before its address where faults name it. */
  readonly label: string;
  /** Where in the host's row its pin stands. */
  readonly pinnedAt: string;
}

export function hostTarget(connection: Connection): Target {
  return { ...connection, isJump: false, label: "", pinnedAt: "ssh.hostKey" };
}

/** In the order in which they are passed. A hop that names no key is shown the host's own. */
export function jumpTargets({ host, jump = [], knownHosts, ...own }: Connection): Target[] {
  return jump.map(({ port, ...hop }, index) => ({
    ...hop,
    ...(!hop.identity && { identity: own.identity, passphrase: own.passphrase }),
    host,
    knownHosts,
    ports: [port],
    isJump: true,
    label: "jump host ",
    pinnedAt: jump.length > 1 ? `ssh.jump[${index}].hostKey` : "ssh.jump.hostKey",
  }));
}
