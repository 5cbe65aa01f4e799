// What labs this machine has: one record each, which also claims its networks.
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import type { Process } from "./processes.ts";

const RECORDS = "/run/soundstage-lab";

export interface LabRecord {
  readonly id: string;
  /** Third octet of both of its networks, 10.201.0.0/16 and 10.202.0.0/16. */
  readonly net: number;
  readonly folder: string;
  /** Whether the folder goes with the lab. */
  readonly temporary: boolean;
  /** The process that the lab shall not outlive. */
  readonly owner: Process;
  readonly bridge: string;
  readonly hosts: readonly HostRecord[];
}

export interface HostRecord {
  readonly name: string;
  readonly netns: string;
  /** The bridge's end of its link. */
  readonly veth: string;
  readonly folder: string;
  readonly address: string;
  readonly private: string;
}

/** Takes a free pair of networks for the lab that `make` describes. */
export function claim(make: (net: number) => LabRecord): LabRecord {
  mkdirSync(RECORDS, { recursive: true });
  for (let net = 1; net < 255; net += 1) {
    if (isBusy(net) || existsSync(fileOf(net))) continue;
    const record = make(net);
    const draft = write(record);
    try {
      linkSync(draft, fileOf(net)); // unlike a rename it fails where another lab was faster
      return record;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      rmSync(draft);
    }
  }
  throw new Error(`no free network for a lab: stop one of those in ${RECORDS}`);
}

/** Whether the machine itself has an address there. */
function isBusy(net: number): boolean {
  return Object.values(networkInterfaces())
    .flat()
    .some(
      (entry) => entry?.address.startsWith(`10.201.${net}.`) || entry?.address.startsWith(`10.202.${net}.`),
    );
}

export function remember(record: LabRecord): void {
  renameSync(write(record), fileOf(record.net));
}

export function forget(record: LabRecord): void {
  if (recordOf(record.net)?.id === record.id) rmSync(fileOf(record.net), { force: true });
}

export function records(): LabRecord[] {
  if (!existsSync(RECORDS)) return [];
  return readdirSync(RECORDS).flatMap((name) => {
    const net = /^net-(\d+)\.json$/.exec(name)?.[1];
    return (net && recordOf(Number(net))) || [];
  });
}

/** The proxy runs as nobody, which may not enter a run's own folder. */
export function proxyFolder(id: string): string {
  return join(RECORDS, `${id}-proxy`);
}

function fileOf(net: number): string {
  return join(RECORDS, `net-${net}.json`);
}

function recordOf(net: number): LabRecord | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(net), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined; // swept meanwhile
    throw error;
  }
}

/** Writes it beside, so that no reader meets half a record. */
function write(record: LabRecord): string {
  const draft = join(RECORDS, `${record.id}.draft`);
  writeFileSync(draft, JSON.stringify(record));
  return draft;
}
