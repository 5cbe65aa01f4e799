// How fast connections are opened: sshd drops who comes too thick (MaxStartups 10:30:100), firewalls block them.
import { isIPv4, isIPv6 } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { NotBegunFault, UnreachableFault } from "../fault.ts";

export interface DialLimits {
  /** New connections to one network, once `burst` of them are on their way. */
  readonly perSecond: number;
  readonly burst: number;
  /** Handshakes with one server at a time: below the ten at which sshd begins to drop. */
  readonly handshakes: number;
  /** Attempts, the first included. */
  readonly attempts: number;
  /** Before the second attempt, about; doubled before each further one. */
  readonly backoffMs: number;
}

/** Up to fifteen seconds of patience with a host that boots. */
export const LIMITS: DialLimits = {
  perSecond: 30,
  burst: 10,
  handshakes: 8,
  attempts: 6,
  backoffMs: 500,
};

export class Dial {
  readonly #limits: DialLimits;
  /** Network → when its next connection is due if they come one by one. */
  readonly #due = new Map<string, number>();
  readonly #servers = new Map<string, { running: number; readonly waiting: (() => void)[] }>();

  constructor(limits: DialLimits = LIMITS) {
    this.#limits = limits;
  }

  /**
   * @param server address that the connection is made to: the host's, or its jump host's
   * @param open makes one attempt; it is made again where its `UnreachableFault` is transient
   * @param ending no attempt begins once it is aborted: what waits for one throws `NotBegunFault`
   */
  async open<T>(server: string, open: () => Promise<T>, ending?: AbortSignal): Promise<T> {
    try {
      return await this.#open(server, open, ending);
    } catch (error) {
      throw ending?.aborted ? new NotBegunFault() : error;
    }
  }

  async #open<T>(server: string, open: () => Promise<T>, ending: AbortSignal | undefined): Promise<T> {
    const { attempts, backoffMs } = this.#limits;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(server, open, ending);
      } catch (error) {
        if (ending?.aborted || !(error instanceof UnreachableFault && error.transient)) throw error;
        if (attempt === attempts)
          throw new UnreachableFault(`${error.message} (tried ${attempts} times)`, true);
        // Jittered, so that hosts that went away together are not asked together.
        await sleep(backoffMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2), undefined, pausing(ending));
      }
    }
  }

  async #attempt<T>(server: string, open: () => Promise<T>, ending: AbortSignal | undefined): Promise<T> {
    const slot = this.#servers.get(server) ?? { running: 0, waiting: [] };
    this.#servers.set(server, slot);
    if (slot.running >= this.#limits.handshakes)
      await new Promise<void>((next) => void slot.waiting.push(next));
    else slot.running += 1;
    try {
      await this.#turn(networkOf(server), ending);
      ending?.throwIfAborted();
      return await open();
    } finally {
      const next = slot.waiting.shift();
      if (next) next();
      else slot.running -= 1;
      if (slot.running === 0) this.#servers.delete(server);
    }
  }

  async #turn(network: string, ending: AbortSignal | undefined): Promise<void> {
    const interval = 1000 / this.#limits.perSecond;
    const now = performance.now();
    const due = Math.max(this.#due.get(network) ?? 0, now - (this.#limits.burst - 1) * interval);
    this.#due.set(network, due + interval);
    if (due > now) await sleep(due - now, undefined, pausing(ending));
  }
}

const pausing = (signal: AbortSignal | undefined) => (signal ? { signal } : {});

/** Hosts that are likely behind one router: a /24, a /64, or those of one name. */
export function networkOf(address: string): string {
  if (isIPv4(address)) return address.slice(0, address.lastIndexOf("."));
  if (!isIPv6(address)) return address;
  const [head = "", tail = ""] = address.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const missing = 8 - groups(head).length - groups(tail).length;
  const all = address.includes("::")
    ? [...groups(head), ...Array.from({ length: missing }, () => "0"), ...groups(tail)]
    : groups(address);
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
