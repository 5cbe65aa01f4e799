// Connections to jump hosts, shared by the hosts behind them: many logins at once look like an attack to a jump host.
import type { Ssh } from "./ssh.ts";
import type { Target } from "./target.ts";

/** Of one connection; sshd takes 10 sessions of it (sshd_config(5), "MaxSessions"). */
export const MAX_CHANNELS = 8;

/** The right to one channel of a jump host's connection. */
export interface Lease {
  readonly ssh: Ssh;
  release(): void;
}

/** Connects to a jump host, over the one before it. */
export type Connect = (hop: Target, over: Lease | undefined) => Promise<Ssh>;

interface Shared {
  readonly chain: string;
  readonly ssh: Promise<Ssh>;
  leases: number;
}

export class Jumps {
  readonly #shared = new Set<Shared>();

  /** A channel at the end of a chain of hops; undefined where there is none to pass. */
  async lease(hops: readonly Target[], connect: Connect): Promise<Lease | undefined> {
    const last = hops.at(-1);
    if (!last) return undefined;
    const chain = JSON.stringify(hops.map(({ host: _, ...hop }) => hop));
    const free = [...this.#shared].find((each) => each.chain === chain && each.leases < MAX_CHANNELS);
    const shared = free ?? this.#open(chain, last, this.lease(hops.slice(0, -1), connect), connect);
    shared.leases += 1;
    const ssh = await shared.ssh;
    return {
      ssh,
      release: () => {
        shared.leases -= 1;
        if (shared.leases > 0) return;
        this.#shared.delete(shared);
        ssh.close();
      },
    };
  }

  #open(chain: string, hop: Target, over: Promise<Lease | undefined>, connect: Connect): Shared {
    const shared: Shared = { chain, leases: 0, ssh: over.then((lease) => connect(hop, lease)) };
    this.#shared.add(shared);
    const forget = () => void this.#shared.delete(shared);
    shared.ssh.then((ssh) => ssh.onClose(forget), forget);
    return shared;
  }
}
