// Labs of this process end with it, also when it is interrupted. A SIGKILL leaves them to the next sweep.
import type { LabRecord } from "./records.ts";
import { clear } from "./sweep.ts";

const owned = new Map<string, LabRecord>();

/** Ends the lab when this process is told to end. */
export function endOnSignal(record: LabRecord): void {
  if (owned.size === 0) for (const name of SIGNALS) process.once(name, onSignal);
  owned.set(record.id, record);
}

export function endedOrKept({ id }: LabRecord): void {
  owned.delete(id);
  if (owned.size === 0) for (const name of SIGNALS) process.removeListener(name, onSignal);
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

async function onSignal(name: NodeJS.Signals): Promise<void> {
  for (const other of SIGNALS) process.removeListener(other, onSignal);
  await Promise.allSettled([...owned.values()].map(clear));
  process.kill(process.pid, name); // nothing listens any more: it ends as it was told to
}
