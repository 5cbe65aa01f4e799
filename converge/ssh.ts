// One connection a host, over node-ssh with every default that is not strict replaced.
import { readFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { NodeSSH } from "node-ssh";
import type { Algorithms } from "ssh2";
import type { Connection } from "../bundle/manifest.ts";
import { ConvergeFault, UnreachableFault } from "./fault.ts";
import { fingerprint, pin } from "./host-key.ts";

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

// ssh2 still offers ssh-rsa with SHA-1 and hmac-sha1: named here is all that is offered.
const ALGORITHMS: Algorithms = {
  kex: [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "diffie-hellman-group16-sha512",
  ],
  cipher: ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes256-ctr"],
  hmac: ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256"],
  serverHostKey: ["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"],
};

export class Ssh {
  readonly #ssh: NodeSSH;

  private constructor(ssh: NodeSSH) {
    this.#ssh = ssh;
  }

  /** Tries the ports in order; a host key that is not the pinned one ends it at once. */
  static async connect(connection: Connection, identity: string | undefined): Promise<Ssh> {
    const expected = pin(connection.hostKey);
    const reasons: string[] = [];
    const faults: ConnectFault[] = [];
    for (const port of connection.ports) {
      let offered: string | undefined;
      let met = false;
      const ssh = new NodeSSH();
      try {
        await ssh.connect({
          host: connection.address,
          port,
          username: connection.user,
          ...(identity ? { privateKey: readFileSync(identity, "utf8") } : {}),
          ...(process.env.SSH_AUTH_SOCK ? { agent: process.env.SSH_AUTH_SOCK } : {}),
          keepaliveInterval: 10_000,
          keepaliveCountMax: 3,
          readyTimeout: 20_000,
          algorithms: {
            ...ALGORITHMS,
            ...(expected.algorithm && { serverHostKey: hostKeyAlgorithms(expected.algorithm) }),
          },
          hostVerifier: (key: Buffer) => {
            met = true;
            offered = expected.accepts(key) ? undefined : fingerprint(key);
            return offered === undefined;
          },
        });
        // Nagle's algorithm would cost some 40 ms at every step.
        ssh.connection?.setNoDelay(true);
        return new Ssh(ssh);
      } catch (error) {
        ssh.dispose();
        if (offered) {
          throw new ConvergeFault(
            `the host key of ${connection.address}:${port} is ${offered}, and the platform file pins ${connection.hostKey}: ` +
              "nothing was sent; if the host was reinstalled, compare the key over a second path and change ssh.hostKey",
          );
        }
        reasons.push(`port ${port}: ${(error as Error).message}`);
        faults.push({ error: error as Error & { level?: string; code?: string }, met });
      }
    }
    const message = `${connection.user}@${connection.address} can not be reached: ${reasons.join("; ")}`;
    if (faults.some(({ error }) => error.level === "client-authentication")) throw new ConvergeFault(message);
    throw new UnreachableFault(message, faults.every(isTransient));
  }

  async exec(command: string, stdin: string | Readable = ""): Promise<Answer> {
    const { code, signal, stdout, stderr } = await this.#ssh.execCommand(command, {
      stdin: stdin as string,
      noTrim: true,
    });
    if (code === null) {
      if (signal) throw new ConvergeFault(`the command on the host ended by ${signal}`);
      throw new UnreachableFault("the connection was lost while a step ran");
    }
    return { code, stdout, stderr };
  }

  close(): void {
    this.#ssh.dispose();
  }
}

interface ConnectFault {
  readonly error: Error & { readonly level?: string; readonly code?: string };
  /** The server had shown its key. */
  readonly met: boolean;
}

/** A name that does not resolve for now, a port that nobody listens on yet, a server that takes no more for now. */
function isTransient({ error: { code, message }, met }: ConnectFault): boolean {
  if (met) return false;
  return (
    ["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET"].includes(code ?? "") ||
    message.includes("before handshake")
  );
}

function hostKeyAlgorithms(algorithm: string): ("ssh-ed25519" | "rsa-sha2-512" | "rsa-sha2-256")[] {
  return algorithm === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [algorithm as "ssh-ed25519"];
}
