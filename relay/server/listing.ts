// What is on air and how many listen to it: asked of the directory once for all who want to know.
import type { Directory, Entry } from "./directory.ts";

/** Milliseconds for which an answer is given again. */
const FRESH = 1_000;

export interface Listed {
  readonly entry: Entry;
  readonly listeners: number;
}

export class Listing {
  readonly #directory: Directory;
  readonly #here: (stream: string) => number;
  #answer: Promise<readonly Listed[]> | undefined;
  #until = 0;

  constructor(directory: Directory, here: (stream: string) => number) {
    this.#directory = directory;
    this.#here = here;
  }

  /** At most `FRESH` ms old; whoever asks while the directory is being asked waits for the same answer. */
  get(now = Date.now()): Promise<readonly Listed[]> {
    if (this.#answer && now < this.#until) return this.#answer;
    this.#until = Number.POSITIVE_INFINITY;
    this.#answer = this.#ask();
    const settle = (until: number) => () => {
      this.#until = until;
    };
    this.#answer.then(settle(now + FRESH), settle(0));
    return this.#answer;
  }

  async #ask(): Promise<readonly Listed[]> {
    const entries = await this.#directory.list();
    return Promise.all(
      entries.map(async (entry) => ({
        entry,
        listeners: await this.#directory.listeners(entry.stream, this.#here(entry.stream)),
      })),
    );
  }
}
