// Strict host keys: a pin from the platform file, and no connection without one.
import { createHash } from "node:crypto";

export interface Pin {
  /** The one key algorithm to negotiate, where the pin is a whole key. */
  readonly algorithm?: string;
  accepts(key: Buffer): boolean;
}

/** `ssh-ed25519 AAAA…` as in known_hosts (sshd(8)), or `SHA256:…` as ssh-keygen -l prints it. */
export function pin(hostKey: string): Pin {
  const fingerprintOnly = hostKey.startsWith("SHA256:");
  const [algorithm, base64] = hostKey.split(" ");
  if (fingerprintOnly) return { accepts: (key) => fingerprint(key) === hostKey };
  return { algorithm: algorithm as string, accepts: (key) => key.toString("base64") === base64 };
}

/** As `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}
