// What ends a run early: a signal, a parent that is gone, an output that nobody reads any more.
import { setMaxListeners } from "node:events";

/** A run that is told to end finishes its running steps and begins no other host. */
export interface Stop {
  /** Why no other host is begun; undefined while none of it happened. */
  readonly reason: string | undefined;
  /** Aborted with it: hosts that are not reached yet need not be. */
  readonly ending?: AbortSignal;
}

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** npm and its like pass a terminal's SIGINT on to a child that had it already: those two are one. */
const ONE_KEY_MS = 500;
const PARENT_MS = 500;

export class ProcessStop implements Stop {
  #reason: string | undefined;
  readonly #ending = new AbortController();
  #code = 1;
  #interrupted: number | undefined;
  readonly #noticed: (reason: string) => void;
  readonly #abandon: () => void;
  readonly #watch: NodeJS.Timeout;

  /**
   * @param noticed called once, with the reason
   * @param abandon called at a second SIGINT; ends the process
   */
  constructor(noticed: (reason: string) => void, abandon: () => void) {
    this.#noticed = noticed;
    this.#abandon = abandon;
    // Every host that is being connected waits for it.
    setMaxListeners(0, this.#ending.signal);
    for (const name of Object.keys(SIGNALS)) process.on(name, this.#signal);
    for (const stream of [process.stdout, process.stderr]) stream.on("error", this.#broken);
    // Terraform that is interrupted ends its shell and leaves us: nobody sends us a signal.
    const parent = process.ppid;
    this.#watch = setInterval(() => {
      if (process.ppid !== parent) this.#stop("the process that started it is gone");
    }, PARENT_MS).unref();
  }

  get reason(): string | undefined {
    return this.#reason;
  }

  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** Of a run that was ended early: as shells count signals, 1 for what was none. */
  get code(): number {
    return this.#code;
  }

  async dispose(): Promise<void> {
    clearInterval(this.#watch);
    for (const name of Object.keys(SIGNALS)) process.off(name, this.#signal);
    // A write to a broken pipe fails a little later.
    await new Promise((done) => setTimeout(done, 10));
    for (const stream of [process.stdout, process.stderr]) stream.off("error", this.#broken);
  }

  readonly #signal = (name: keyof typeof SIGNALS): void => {
    if (name === "SIGINT") {
      const now = performance.now();
      if (this.#interrupted !== undefined && now - this.#interrupted > ONE_KEY_MS) this.#abandon();
      this.#interrupted ??= now;
    }
    this.#stop(`${name} arrived`, 128 + SIGNALS[name]);
  };

  readonly #broken = (error: NodeJS.ErrnoException): void => {
    if (error.code === "EPIPE") this.#stop("nobody reads its output any more");
  };

  #stop(reason: string, code = 1): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#code = code;
    this.#noticed(reason);
    this.#ending.abort();
  }
}
