// How many hosts may fail before no other is begun.
import type { Share } from "./share.ts";

export class Budget {
  readonly #allowed: number;
  #failures = 0;

  /** @param allowed none when it is not said */
  constructor(allowed: Share | undefined, hosts: number) {
    this.#allowed = allowed?.of(hosts) ?? 0;
  }

  spend(): void {
    this.#failures += 1;
  }

  /** Why no other host is begun; undefined while the budget holds. */
  get exceeded(): string | undefined {
    if (this.#failures <= this.#allowed) return undefined;
    if (this.#allowed === 0) return "another host failed before it";
    return `${this.#failures} hosts failed before it, and no more than ${this.#allowed} may`;
  }
}
