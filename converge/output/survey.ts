// Asks the hosts of a stack side by side what they have; takes no lock, and changes nothing on them.
import type { Connection } from "../../bundle/manifest.ts";
import { type HostBundle, readBundle } from "../../bundle/reader.ts";
import { ConvergeFault } from "../fault.ts";
import type { Line } from "../script/answer.ts";
import { Remote } from "../script/remote.ts";
import type { Access } from "../ssh/access.ts";
import { pool } from "./pool.ts";
import type { Selection } from "./selection.ts";

export interface Survey<T> {
  readonly output: string;
  readonly access: Access;
  /** Whether the bundle goes along, so that hosts tell how they differ from it too. */
  readonly against: "bundle" | "generation";
  readonly read: (bundle: HostBundle, answer: readonly Line[]) => T;
}

export interface Surveyed<T> {
  /** In the order of the stack's hosts. */
  readonly found: ReadonlyMap<string, T>;
  /** Host → why nothing is known of it. */
  readonly failures: ReadonlyMap<string, string>;
}

export async function survey<T>(
  { stack, hosts }: Selection,
  { output, access, against, read }: Survey<T>,
): Promise<Surveyed<T>> {
  const connections = new Map(machines(stack, hosts).map((connection) => [connection.host, connection]));
  const answers = new Map<string, T>();
  const failures = new Map<string, string>();
  await pool([...connections.keys()], {
    step: async (host) => {
      const bundle = readBundle(output, stack, host);
      const remote = await Remote.connect(connections.get(host) as Connection, access, bundle.script);
      try {
        const plain = against === "bundle" ? bundle.plain : "";
        answers.set(host, read(bundle, await remote.compare(plain)));
      } finally {
        remote.close();
      }
    },
    failed: async (host, { message }) => void failures.set(host, message),
  });
  const found = new Map<string, T>();
  for (const host of connections.keys()) {
    if (answers.has(host)) found.set(host, answers.get(host) as T);
  }
  return { found, failures };
}

export function machines(stack: string, hosts: Selection["hosts"]): Connection[] {
  return hosts.map((host) => {
    if ("address" in host) return host;
    throw new ConvergeFault(
      `host ${host.host} of ${stack} is a folder of this machine: only machines are asked what they have`,
    );
  });
}
