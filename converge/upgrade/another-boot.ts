// Whether a host that was to restart has done so.
import { setTimeout as sleep } from "node:timers/promises";

export interface AnotherBoot {
  /** The boot that was to end. */
  readonly before: string;
  /** The boot that the host answers from; throws where it gives no answer. */
  readonly ask: () => Promise<string>;
  /** Milliseconds that it has. */
  readonly timeout: number;
  /** Milliseconds between two looks. @default 1000 */
  readonly look?: number;
}

/**
 * Asks until the host answers from another boot.
 * @returns what was seen last where it did not in time
 */
export async function anotherBoot({
  before,
  ask,
  timeout,
  look = 1000,
}: AnotherBoot): Promise<string | undefined> {
  const until = performance.now() + timeout;
  let seen = "it was not asked";
  while (performance.now() < until) {
    await sleep(look);
    try {
      if ((await ask()) !== before) return undefined;
      seen = "it still answers from the boot that was to end: see systemctl list-jobs there";
    } catch (error) {
      // A server that goes down or comes up refuses in several ways, and fails in the middle of an answer.
      seen = (error as Error).message;
    }
  }
  return seen;
}
