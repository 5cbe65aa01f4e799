// A run's own platform: the lab's file with the addresses and keys of its hosts, its CA and its secrets.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { createAuthority } from "../../converge/secrets/authority.ts";
import type { Lab } from "./lab.ts";

const SOURCE = join(import.meta.dirname, "platform.yaml");
const SECRETS = ["superuser", "replication", "rewind", "application", "redis", "broadcast"];

/** Names of the hosts in the lab's platform. */
export function labHosts(): string[] {
  const { regions } = parseDocument(readFileSync(SOURCE, "utf8")).toJS() as {
    regions: { lab: { hosts: object } };
  };
  return Object.keys(regions.lab.hosts);
}

/** Writes it into the lab's folder, and returns its path. */
export async function writePlatform(lab: Lab): Promise<string> {
  const document = parseDocument(readFileSync(SOURCE, "utf8"));
  document.commentBefore = " The platform of a run of the lab.";
  for (const [name, host] of lab.hosts) {
    const row = ["regions", "lab", "hosts", name];
    if (!document.hasIn(row)) continue; // comes to the platform later
    document.setIn([...row, "address"], host.address);
    document.setIn([...row, "private"], host.private);
    document.setIn([...row, "ssh", "hostKey"], host.hostKey);
  }
  const file = join(lab.folder, "platform.yaml");
  writeFileSync(file, document.toString());
  if (!existsSync(join(lab.folder, "ca", "ca.key"))) await createAuthority(join(lab.folder, "ca"));
  mkdirSync(join(lab.folder, "secrets"), { recursive: true, mode: 0o700 });
  for (const name of SECRETS) {
    const path = join(lab.folder, "secrets", name);
    if (!existsSync(path)) writeFileSync(path, randomBytes(24).toString("base64url"), { mode: 0o600 });
  }
  return file;
}
