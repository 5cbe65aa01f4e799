import { monitorEventLoopDelay } from "node:perf_hooks";

/** Milliseconds of one window. */
const WINDOW = 5_000;

/** How late the event loop is, over the last whole window and the one that runs; asking changes nothing. */
export class Lateness {
  readonly #window: number;
  readonly #histogram = monitorEventLoopDelay({ resolution: 20 });
  #before = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(window = WINDOW) {
    this.#window = window;
  }

  start(): void {
    this.#histogram.enable();
    this.#timer = setInterval(() => {
      this.#before = this.#now();
      this.#histogram.reset();
    }, this.#window);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }

  /** Milliseconds that one turn in a hundred exceeds. */
  get ms(): number {
    return Math.max(this.#before, this.#now());
  }

  #now(): number {
    return this.#histogram.count > 0 ? this.#histogram.percentile(99) / 1e6 : 0;
  }
}
