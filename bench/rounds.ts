// Contenders take turns, so that whatever else the machine does meets all of them alike.

export interface Contender {
  readonly name: string;
  /** At most so many of the rounds, for one that takes minutes. */
  readonly rounds?: number;
  /** @returns milliseconds; what it does before and after is not counted */
  run(): Promise<number>;
}

export class Times {
  readonly #sorted: readonly number[];

  constructor(ms: readonly number[]) {
    this.#sorted = [...ms].sort((a, b) => a - b);
  }

  get median(): number {
    const { length } = this.#sorted;
    return ((this.#sorted[(length - 1) >> 1] as number) + (this.#sorted[length >> 1] as number)) / 2;
  }

  get min(): number {
    return this.#sorted[0] as number;
  }
}

/** Runs all once uncounted, to warm caches and to see that they work, and then in turns. */
export async function inTurns(contenders: readonly Contender[], rounds: number): Promise<Map<string, Times>> {
  const times = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  for (const { run } of contenders) await run();
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, rounds: most, run } of round % 2 ? [...contenders].reverse() : contenders) {
      if (round >= (most ?? rounds)) continue;
      const ms = await run();
      times.get(name)?.push(ms);
      console.error(`round ${round + 1} of ${most ?? rounds}: ${name} ${ms.toFixed(0)} ms`);
    }
  }
  return new Map([...times].map(([name, ms]) => [name, new Times(ms)]));
}
