// Which hosts of a stack were not done when its last run ended; lies beside the log.
import { dirname, join } from "node:path";
import { makeFolder } from "../../bundle/make-folder.ts";
import { readRecord, writeRecord } from "../record-file.ts";

/** What runs were about: each kind has records of its own. */
export type RunKind = "apply" | "upgrade";

export class LastRun {
  readonly #file: string;

  constructor(output: string, stack: string, command: RunKind = "apply") {
    this.#file = join(
      output,
      "logs",
      `${command === "apply" ? stack : `${stack}.${command}`}.unfinished.json`,
    );
  }

  /** Undefined where no run has been recorded; a record that can not be read is none. */
  unfinished(): string[] | undefined {
    try {
      const hosts: unknown = JSON.parse(readRecord(this.#file) ?? "null");
      return Array.isArray(hosts) ? hosts.filter((host) => typeof host === "string") : undefined;
    } catch {
      return undefined;
    }
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
    makeFolder(dirname(this.#file));
    writeRecord(this.#file, `${JSON.stringify(hosts)}\n`);
  }
}
