// One connection whose host key is judged before anything is sent, with every default that is not strict replaced.
import { connect, type Socket } from "node:net";
import { NodeSSH } from "node-ssh";
import type { Algorithms, AnyAuthMethod, ParsedKey, ServerHostKeyAlgorithm } from "ssh2";
import { ConvergeFault } from "../fault.ts";
import type { Access } from "./access.ts";
import { demand, fingerprint } from "./host-key.ts";
import type { Lease } from "./jump.ts";
import type { Target } from "./target.ts";

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
};

/** The host was reached, and lets nobody in with what it was shown. */
export class RefusedLogin extends Error {}

export interface LoginWay {
  readonly over: Lease | undefined;
  readonly access: Access;
  /** Ends a handshake where it is. */
  readonly ending?: AbortSignal | undefined;
}

/** Logs in where the host's key is the one that is known. */
export async function login(
  target: Target,
  port: number,
  { over, access, ending }: LoginWay,
): Promise<NodeSSH> {
  const { offers, refusal, absent } = demand(target, port, access.knownHosts(target.knownHosts));
  const methods = access.methods(target);
  let refused = absent;
  for (const offer of offers) {
    let shown: Buffer | undefined;
    try {
      return await shake({ target, port, over, offer, methods, ending }, (key) => {
        shown = Buffer.from(key);
        return refusal(key) === undefined;
      });
    } catch (error) {
      const reason = shown ? refusal(shown) : hasNone(error) ? absent : undefined;
      if (!reason) throw error;
      if (shown) refused = reason;
    }
  }
  throw new ConvergeFault(refused);
}

export interface Shake {
  readonly target: Pick<Target, "address" | "user">;
  readonly port: number;
  readonly over: Lease | undefined;
  readonly offer: readonly ServerHostKeyAlgorithm[];
  readonly methods: AnyAuthMethod[];
  /** For all of it, until the user is let in. @default 20 */
  readonly seconds?: number;
  readonly ending?: AbortSignal | undefined;
}

/** @param accepts judges the host's key, before anything else */
export async function shake(
  { target, port, over, offer, methods, seconds = 20, ending }: Shake,
  accepts: (key: Buffer) => boolean,
): Promise<NodeSSH> {
  ending?.throwIfAborted();
  const { address, user } = target;
  // No await between a socket's start and its use: its error would have nobody to go to.
  const sock = over ? await unless(ending, over.ssh.forward(address, port)) : tcp(address, port);
  const ssh = new NodeSSH();
  const end = () => void sock.destroy(new Error("the run was told to end"));
  ending?.addEventListener("abort", end);
  try {
    await ssh.connect({
      sock,
      username: user,
      authHandler: methods,
      keepaliveInterval: 10_000,
      keepaliveCountMax: 3,
      readyTimeout: seconds * 1000,
      algorithms: { ...ALGORITHMS, serverHostKey: [...offer] },
      hostVerifier: accepts,
    });
    // What ends a connection comes to those who wait for an answer over it.
    ssh.connection?.on("error", () => {});
    return ssh;
  } catch (error) {
    sock.destroy();
    if ((error as { level?: string }).level !== "client-authentication") throw error;
    throw new RefusedLogin(
      `${user} is refused with every key that was shown: ${methods.map(shown).join(", ")}`,
    );
  } finally {
    ending?.removeEventListener("abort", end);
  }
}

/** What a jump host waits for ends with the connection to it, which whoever is told so gives back. */
function unless<T>(ending: AbortSignal | undefined, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => reject(new Error("the run was told to end"));
    if (ending?.aborted) end();
    ending?.addEventListener("abort", end, { once: true });
    promise.then(resolve, reject).finally(() => ending?.removeEventListener("abort", end));
  });
}

function shown(method: AnyAuthMethod): string {
  if (method.type !== "publickey") return "those of the agent";
  return fingerprint((method.key as ParsedKey).getPublicSSH());
}

/** Whether the host has no key of the types that were asked for. */
export function hasNone(error: unknown): boolean {
  return (error as Error).message.includes("no matching host key format");
}

/** Nagle's algorithm would cost some 40 ms at every step. */
function tcp(address: string, port: number): Socket {
  return connect({ host: address, port, noDelay: true }).setMaxListeners(0);
}
