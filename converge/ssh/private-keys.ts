// The operator's keys: the file that the platform names, the agent, and the keys that ssh takes by itself.
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import ssh2, { type AnyAuthMethod, type BaseAgent, type ParsedKey } from "ssh2";
import { ConvergeFault } from "../fault.ts";
import { operatorPath } from "../secrets/operator-path.ts";
import type { Secrets } from "../secrets/secrets.ts";
import type { Target } from "./target.ts";

/** What ssh tries by itself (ssh_config(5), "IdentityFile"), as far as ssh2 has the type. */
export const OWN = ["id_ed25519", "id_ecdsa", "id_rsa"];

export class PrivateKeys {
  readonly #folder: string;
  readonly #secrets: Secrets;
  /** To open a key with a passphrase takes a good part of a second: once for all hosts. */
  readonly #opened = new Map<string, ParsedKey | ConvergeFault>();

  /** @param folder the platform file's folder, which identities are relative to */
  constructor(folder: string, secrets: Secrets) {
    this.#folder = folder;
    this.#secrets = secrets;
  }

  /** In the order in which they are shown. */
  methods({ user: username, identity, passphrase }: Target): AnyAuthMethod[] {
    const socket = process.env.SSH_AUTH_SOCK;
    const agent = socket ? [{ type: "agent" as const, username, agent: quiet(socket) }] : [];
    const files = identity
      ? [operatorPath(this.#folder, identity)]
      : OWN.map((name) => join(homedir(), ".ssh", name)).filter((file) => existsSync(file));
    const found = files.map((file) => this.#key(file, passphrase));
    const keys = found.flatMap((key) =>
      key instanceof ConvergeFault ? [] : [{ type: "publickey" as const, username, key }],
    );
    const [fault] = found.filter((key) => key instanceof ConvergeFault);
    // The agent may hold what does not open here; a key that nobody named may be for something else.
    if (fault && (agent.length === 0 || !(fault instanceof LockedKey)) && (identity || keys.length === 0))
      throw fault;
    const methods = identity ? [...keys, ...agent] : [...agent, ...keys];
    if (methods.length > 0) return methods;
    throw new ConvergeFault(
      `there is no key to log in with as ${username}: name one in ssh.identity, start an agent, or make ~/.ssh/id_ed25519`,
    );
  }

  #key(file: string, passphrase: Target["passphrase"]): ParsedKey | ConvergeFault {
    const id = JSON.stringify([file, passphrase]);
    const key = this.#opened.get(id) ?? open(file, passphrase && this.#secrets.value(passphrase));
    this.#opened.set(id, key);
    return key;
  }
}

class LockedKey extends ConvergeFault {}

function open(file: string, passphrase: string | undefined): ParsedKey | ConvergeFault {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    return new ConvergeFault(
      `the private key ${file} can not be read (${(error as NodeJS.ErrnoException).code})`,
    );
  }
  const found: ParsedKey | Error | ParsedKey[] = ssh2.utils.parseKey(text, passphrase);
  const key = Array.isArray(found) ? (found[0] as ParsedKey) : found;
  if (key instanceof Error) {
    if (/no passphrase given/i.test(key.message))
      return new LockedKey(
        `the private key ${file} has a passphrase: say in ssh.passphrase where it is, or add the key to an agent`,
      );
    return new ConvergeFault(
      passphrase === undefined
        ? `${file} is no private key as ssh-keygen makes them: ${key.message}`
        : `the private key ${file} does not open with what ssh.passphrase names: ${key.message}`,
    );
  }
  return key.isPrivateKey()
    ? key
    : new ConvergeFault(`${file} is a public key: ssh.identity names the private one, which lies beside it`);
}

/** An agent that does not answer has no keys: what else there is is still tried. */
function quiet(socket: string): BaseAgent {
  const agent = ssh2.createAgent(socket);
  const ask = agent.getIdentities.bind(agent);
  agent.getIdentities = (done) => ask((_error, keys) => done(undefined, keys ?? []));
  return agent;
}
