// What processes show of themselves while something runs: the arguments and the environment of each, on every lab host
// and on this machine, since they share a kernel.
import { readdirSync, readFileSync } from "node:fs";

/** Milliseconds between two looks: a shell that lives shorter may go unseen, its parent's words do not. */
const EVERY = 20;

export class ProcessWatch {
  readonly #needles: readonly (readonly [name: string, value: Buffer])[];
  readonly #found = new Set<string>();
  readonly #seen = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  /** @param secrets name → value that no process may show */
  constructor(secrets: Readonly<Record<string, string>>) {
    this.#needles = Object.entries(secrets).map(([name, value]) => [name, Buffer.from(value)]);
    this.#timer = setInterval(() => this.#look(), EVERY);
  }

  /** @returns what was seen, as `secret in cmdline of program`, and how many processes were looked at */
  end(): { readonly found: readonly string[]; readonly processes: number } {
    clearInterval(this.#timer);
    return { found: [...this.#found].sort(), processes: this.#seen.size };
  }

  #look(): void {
    for (const pid of readdirSync("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      const words = read(`/proc/${pid}/cmdline`);
      const known = `${pid} ${words.toString("latin1")}`;
      if (words.length === 0 || this.#seen.has(known)) continue;
      this.#seen.add(known);
      const program = words.toString().split("\0").slice(0, 2).join(" ");
      for (const [name, value] of this.#needles) {
        if (words.includes(value)) this.#found.add(`${name} in the arguments of ${program}`);
        if (read(`/proc/${pid}/environ`).includes(value))
          this.#found.add(`${name} in the environment of ${program}`);
      }
    }
  }
}

/** Empty where the process ended meanwhile. */
function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}
