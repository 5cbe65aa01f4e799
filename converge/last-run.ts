// Which hosts of a stack were not at their bundle when its last run ended; lies beside the log.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export class LastRun {
  readonly #file: string;

  constructor(output: string, stack: string) {
    this.#file = join(output, "logs", `${stack}.unfinished.json`);
  }

  /** Undefined where no run has been recorded. */
  unfinished(): string[] | undefined {
    return existsSync(this.#file) ? (JSON.parse(readFileSync(this.#file, "utf8")) as string[]) : undefined;
  }

  /** A run that is killed has ended with none of its hosts done. */
  begin(hosts: readonly string[]): void {
    this.#write([...new Set([...(this.unfinished() ?? []), ...hosts])]);
  }

  /** Hosts that the run was not about stay as they were recorded. */
  end(isDone: (host: string) => boolean): void {
    this.#write((this.unfinished() ?? []).filter((host) => !isDone(host)));
  }

  #write(hosts: readonly string[]): void {
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, `${JSON.stringify(hosts)}\n`);
  }
}
