// Strict host keys: the pin of the platform file, else known_hosts, and no connection without one of them.
import { createHash } from "node:crypto";
import type { ServerHostKeyAlgorithm } from "ssh2";
import type { KnownHosts } from "./known-hosts.ts";
import type { Target } from "./target.ts";

/** Type of a key → how a host may sign with it, best first; ssh-rsa with SHA-1 is not among them. */
export const SIGNATURES: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  "ssh-ed25519": ["ssh-ed25519"],
  "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
  "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
  "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"],
};

export interface Pin {
  /** Absent where the pin is a fingerprint, which may be any type's. */
  readonly type?: string;
  accepts(key: Buffer): boolean;
}

/** `ssh-ed25519 AAAA…` as in known_hosts (sshd(8)), or `SHA256:…` as ssh-keygen -l prints it. */
export function pin(hostKey: string): Pin {
  if (hostKey.startsWith("SHA256:")) return { accepts: (key) => fingerprint(key) === hostKey };
  const [type, base64] = hostKey.split(" ");
  return { type: type as string, accepts: (key) => key.toString("base64") === base64 };
}

/** As `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** The type that a key names itself (RFC 4253 §6.6); undefined where it is none. */
export function typeOf(key: Buffer): string | undefined {
  const end = key.length >= 4 ? 4 + key.readUInt32BE(0) : 0;
  return end > 4 && end < key.length ? key.toString("latin1", 4, end) : undefined;
}

/** As a pin or a line of known_hosts holds it. */
export function line(key: Buffer): string {
  return `${typeOf(key)} ${key.toString("base64")}`;
}

/** What is asked of a host's key before anything is sent. */
export interface Demand {
  /** What to negotiate, one connection each, until a key is accepted. */
  readonly offers: readonly (readonly ServerHostKeyAlgorithm[])[];
  /** Why a key is not accepted; undefined where it is. */
  refusal(key: Buffer): string | undefined;
  /** Why a host is refused that has no key of the types it is known by. */
  readonly absent: string;
}

const AGAIN = "nothing was sent; if the host was reinstalled, compare the key over a second path and";

export function demand(target: Target, port: number, known: KnownHosts): Demand {
  const where = `${target.label}${target.address}:${port}`;
  const revocation = (key: Buffer) => {
    const revoked = known.revocation(target.address, port, key);
    return (
      revoked &&
      `the host key ${fingerprint(key)} of ${where} is revoked by line ${revoked.line} of ${known.file}: nothing was sent; give the host a new key before it is trusted again`
    );
  };
  const { offers, mismatch, absent } = target.hostKey
    ? pinned(target.hostKey, where, target)
    : listed(known, where, target, port);
  return { offers, refusal: (key) => revocation(key) ?? mismatch(key), absent };
}

interface Source {
  readonly offers: Demand["offers"];
  mismatch(key: Buffer): string | undefined;
  readonly absent: string;
}

function pinned(hostKey: string, where: string, target: Target): Source {
  const { type, accepts } = pin(hostKey);
  const change = `${AGAIN} change ${target.pinnedAt}${target.isJump ? "" : ` (soundstage trust ${target.host} --replace)`}`;
  return {
    // A host shows one key: of a fingerprint alone nothing tells which one to ask for.
    offers: type ? offers([type]) : Object.values(SIGNATURES),
    mismatch: (key) =>
      accepts(key)
        ? undefined
        : `the host key of ${where} is ${fingerprint(key)}, and the platform file pins ${hostKey}: ${change}`,
    absent: `${where} has no host key of the type that the platform file pins, ${hostKey}: ${change}`,
  };
}

function listed(known: KnownHosts, where: string, target: Target, port: number): Source {
  const keys = known.keys(target.address, port);
  const types = [...new Set(keys.map(({ key }) => typeOf(key) as string))];
  const supported = types.filter((type) => Object.hasOwn(SIGNATURES, type));
  const change = `${AGAIN} remove the line (ssh-keygen -R '${port === 22 ? target.address : `[${target.address}]:${port}`}' -f ${known.file})`;
  return {
    offers: offers(supported.length > 0 ? supported : Object.keys(SIGNATURES)),
    mismatch: (key) => {
      if (keys.some((each) => each.key.equals(key))) return undefined;
      const other = keys.find((each) => typeOf(each.key) === typeOf(key));
      return other
        ? `the host key of ${where} is ${fingerprint(key)}, and line ${other.line} of ${known.file} knows ${fingerprint(other.key)}: ${change}`
        : unknown(key, where, known, target, port);
    },
    absent: `${where} has no host key of the types that ${known.file} knows it by (${types.join(", ")}): ${change}`,
  };
}

function unknown(key: Buffer, where: string, known: KnownHosts, target: Target, port: number): string {
  const trust = target.isJump ? "" : `run \`soundstage trust ${target.host}\`, or `;
  const authority = known.authority(target.address, port);
  const certificate = authority
    ? ` (line ${authority.line} names an authority for it, but certificates of hosts are not understood here)`
    : "";
  return (
    `the host key of ${where} is not known: it is ${typeOf(key)} ${fingerprint(key)}, and neither the platform file nor ${known.file} has a key for it${certificate}; nothing was sent\n` +
    `Compare the fingerprint over a second path. If it is the host's, ${trust}write into the row of ${target.host}\n  ${target.pinnedAt}: ${line(key)}`
  );
}

function offers(types: readonly string[]): Demand["offers"] {
  return [
    Object.entries(SIGNATURES).flatMap(([type, algorithms]) => (types.includes(type) ? algorithms : [])),
  ];
}
