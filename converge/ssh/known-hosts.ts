// The operator's known_hosts, read as ssh reads it (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT").
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { ConvergeFault } from "../fault.ts";
import { typeOf } from "./host-key.ts";

export interface KnownKey {
  /** Its line in the file, from 1. */
  readonly line: number;
  readonly key: Buffer;
}

interface Entry extends KnownKey {
  /** Patterns with commas between them, or one hashed name. */
  readonly hosts: string;
  /** `@cert-authority` says who may sign host certificates, which ssh2 does not know: never a host's key. */
  readonly marker?: "@revoked" | "@cert-authority";
}

const SSH_PORT = 22;

export class KnownHosts {
  readonly file: string;
  readonly #entries: readonly Entry[];

  constructor(file: string, text: string) {
    this.file = file;
    this.#entries = text.split("\n").flatMap((content, index) => entry(content, index + 1, file));
  }

  /** What can not be read fails: it may revoke the very key that a host shows. An absent file knows nobody. */
  static read(file: string, absent: "knows nobody" | "fails"): KnownHosts {
    try {
      return new KnownHosts(file, readFileSync(file, "utf8"));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      if (code === "ENOENT" && absent === "knows nobody") return new KnownHosts(file, "");
      throw new ConvergeFault(
        `${file} can not be read (${code}), so no host key can be judged: make it a readable file, or name another in ssh.knownHosts`,
      );
    }
  }

  /** Keys of a host; as for ssh, lines that name no port hold on every port for which there is none of its own. */
  keys(address: string, port: number): readonly KnownKey[] {
    const found = names(address, port).map((name) =>
      this.#entries.filter(({ marker, hosts }) => !marker && matches(hosts, name)),
    );
    return found.find((entries) => entries.length > 0) ?? [];
  }

  /** A line that says who signs the host's certificates. */
  authority(address: string, port: number): KnownKey | undefined {
    return this.#entries.find(
      ({ marker, hosts }) =>
        marker === "@cert-authority" && names(address, port).some((name) => matches(hosts, name)),
    );
  }

  /** The line that revokes a host's key, on this port or on any. */
  revocation(address: string, port: number, key: Buffer): KnownKey | undefined {
    return this.#entries.find(
      ({ marker, hosts, key: revoked }) =>
        marker === "@revoked" &&
        revoked.equals(key) &&
        names(address, port).some((name) => matches(hosts, name)),
    );
  }
}

function entry(content: string, line: number, file: string): Entry[] {
  const words = content.trim().split(/[ \t]+/);
  if (words[0] === "" || words[0]?.startsWith("#")) return [];
  const marker = words[0]?.startsWith("@") ? words.shift() : undefined;
  const [hosts = "", type, base64 = ""] = words;
  const key = Buffer.from(base64, "base64");
  const whole = /^[A-Za-z0-9+/]+={0,2}$/.test(base64) && typeOf(key) === type;
  if (marker === "@revoked") {
    if (!whole) throw new ConvergeFault(`line ${line} of ${file} revokes a key and can not be read: mend it`);
    return [{ line, hosts, key, marker }];
  }
  // As for ssh, a line that is not whole, or has a marker that nobody knows, says nothing.
  if (!whole || (marker && marker !== "@cert-authority")) return [];
  return [{ line, hosts, key, ...(marker && { marker: "@cert-authority" as const }) }];
}

/** As a line names them: the port only where it is not SSH's own. */
function names(address: string, port: number): string[] {
  const host = address.toLowerCase();
  return port === SSH_PORT ? [host] : [`[${host}]:${port}`, host];
}

function matches(hosts: string, name: string): boolean {
  if (hosts.startsWith("|")) return isHashOf(hosts, name);
  const patterns = hosts.toLowerCase().split(",");
  const negated = patterns.filter((pattern) => pattern.startsWith("!")).map((pattern) => pattern.slice(1));
  return (
    !negated.some((pattern) => glob(pattern).test(name)) &&
    patterns.some((pattern) => !pattern.startsWith("!") && glob(pattern).test(name))
  );
}

/** `|1|salt|hash`, the hash being HMAC-SHA1 of the name under the salt. */
function isHashOf(hosts: string, name: string): boolean {
  const [, magic, salt = "", hash, ...rest] = hosts.split("|");
  const hmac = () => createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64");
  return magic === "1" && rest.length === 0 && hmac() === hash;
}

/** `*` and `?` alone are special (ssh_config(5), "PATTERNS"): the brackets before a port are not. */
function glob(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`);
}
