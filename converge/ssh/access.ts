// What a run reaches its hosts with: keys, known hosts, passwords, and the jump hosts it is connected to.
import { homedir } from "node:os";
import { join } from "node:path";
import type { AnyAuthMethod } from "ssh2";
import type { Connection, SecretFile } from "../../bundle/manifest.ts";
import { operatorPath } from "../secrets/operator-path.ts";
import type { Secrets } from "../secrets/secrets.ts";
import { Jumps } from "./jump.ts";
import { KnownHosts } from "./known-hosts.ts";
import { PrivateKeys } from "./private-keys.ts";
import { Sudo } from "./sudo.ts";
import type { Target } from "./target.ts";

export class Access {
  readonly jumps = new Jumps();
  readonly #folder: string;
  readonly #secrets: Secrets;
  readonly #keys: PrivateKeys;
  readonly #known = new Map<string, KnownHosts>();

  /** @param folder the platform file's folder, which files are relative to */
  constructor(folder: string, secrets: Secrets) {
    this.#folder = folder;
    this.#secrets = secrets;
    this.#keys = new PrivateKeys(folder, secrets);
  }

  /** Read once a run: what changes meanwhile holds for the next one. */
  knownHosts(named: string | undefined): KnownHosts {
    const file = named ? operatorPath(this.#folder, named) : join(homedir(), ".ssh", "known_hosts");
    const read = this.#known.get(file) ?? KnownHosts.read(file, named ? "fails" : "knows nobody");
    this.#known.set(file, read);
    return read;
  }

  methods(target: Target): AnyAuthMethod[] {
    return this.#keys.methods(target);
  }

  /** How root's commands run; undefined where root logs in. */
  sudo({ user, sudo }: Connection): Sudo | undefined {
    if (user === "root") return undefined;
    return new Sudo(user, sudo && this.#secrets.value(sudo.password));
  }
}

/** The secrets that it takes to reach a host, so that those missing are named before any is touched. */
export function accessSecrets({ passphrase, sudo, jump = [] }: Connection): Pick<SecretFile, "parts"> {
  const parts = [passphrase, sudo?.password, ...jump.map((hop) => hop.passphrase)];
  return { parts: parts.filter((part) => part !== undefined) };
}
