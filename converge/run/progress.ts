// How far the hosts of a stack are: who is begun, who has failed, and whom that keeps from being begun.
import { NotBegunFault, UnreachableFault } from "../fault.ts";
import type { Budget } from "../order/budget.ts";
import type { Member } from "../order/schedule.ts";
import { pool } from "../output/pool.ts";
import type { Report } from "../report/report.ts";
import type { Outcome } from "../report/summary.ts";
import type { Stop } from "./stop.ts";

export interface ProgressOptions {
  /** Filled in as it goes, for whoever must tell before the whole has ended. */
  readonly outcomes: Map<string, Outcome>;
  readonly report: Report;
  readonly stop: Stop;
  readonly budget: Budget;
  /** Hosts that can not be reached leave the run before the barrier. */
  readonly skipUnreachable: boolean;
}

/** A host's part of a run. */
interface Part {
  release(): Promise<void>;
}

export class Progress<P extends Part> {
  readonly #options: ProgressOptions;
  readonly #orders: ReadonlyMap<string, Member["order"]>;
  /** Connected, and to be released. */
  readonly #parts = new Map<string, P>();
  /** Group → why no further host of it is begun. */
  readonly #givenUp = new Map<string, string>();
  /** The barrier is behind us. */
  #changes = false;

  /** @param orders host → its groups */
  constructor(options: ProgressOptions, orders: ReadonlyMap<string, Member["order"]>) {
    this.#options = options;
    this.#orders = orders;
    for (const host of orders.keys()) options.outcomes.set(host, "not begun");
  }

  /** From here on something that runs changes. */
  passBarrier(): void {
    this.#changes = true;
  }

  /** Whether all is over before anything has changed. */
  get ended(): boolean {
    return this.#options.stop.reason !== undefined || this.#options.budget.exceeded !== undefined;
  }

  set(host: string, outcome: Outcome): void {
    this.#options.outcomes.set(host, outcome);
  }

  is(host: string, ...outcomes: readonly Outcome[]): boolean {
    return outcomes.includes(this.#options.outcomes.get(host) as Outcome);
  }

  begin(host: string, part: P): P {
    this.#parts.set(host, part);
    return part;
  }

  part(host: string): P {
    return this.#parts.get(host) as P;
  }

  /** Hosts that are connected. */
  get begun(): string[] {
    return [...this.#parts.keys()];
  }

  /** Why a host is not begun; undefined where it may be. */
  withheld(host: string): string | undefined {
    const { stop, budget } = this.#options;
    if (stop.reason) return stop.reason;
    if (budget.exceeded)
      return this.#changes ? budget.exceeded : "another host failed before anything was changed";
    const groups = this.#orders.get(host) ?? [];
    return groups.flatMap(({ group }) => this.#givenUp.get(group) ?? [])[0];
  }

  /** Runs a step on hosts side by side; those that fail are put back and leave the run. */
  each(
    hosts: readonly string[],
    step: (host: string) => Promise<unknown>,
    halt?: () => unknown,
  ): Promise<string[]> {
    return pool(hosts, {
      step,
      halt,
      failed: async (host, error) => {
        this.failed(host, error);
        await this.release(host);
      },
    });
  }

  failed(host: string, error: Error): void {
    const { outcomes, report, budget, skipUnreachable } = this.#options;
    if (error instanceof NotBegunFault) {
      outcomes.set(host, "not begun");
      return;
    }
    const skipped = skipUnreachable && error instanceof UnreachableFault && !this.#changes;
    if (skipped) {
      outcomes.set(host, "unreachable");
      report.step(host, "unreachable", error.message);
    } else {
      outcomes.set(host, "failed");
      budget.spend();
      report.failed(host, error.message);
    }
    for (const { group, mode } of this.#orders.get(host) ?? []) {
      // Of a cluster that changes one by one, one may be out at a time, and one is.
      if (this.#changes || mode === "one-by-one")
        this.#givenUp.set(
          group,
          `${host} of its group ${skipped ? "can not be reached" : "failed before it"}`,
        );
    }
  }

  /** Tells why hosts were left as they are. */
  tellNotBegun(): void {
    for (const host of this.#orders.keys()) {
      if (this.is(host, "not begun"))
        this.#options.report.step(host, "stopped", `${this.withheld(host)}; nothing was changed here`);
    }
  }

  async release(host: string): Promise<void> {
    const part = this.#parts.get(host);
    this.#parts.delete(host);
    await part?.release();
  }

  async releaseAll(): Promise<void> {
    await Promise.all(this.begun.map((host) => this.release(host)));
  }
}
