// What a person at a terminal sees: a line a host that moves, and the failures whole at the end.
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Listr } from "listr2";
import type { Report } from "./report.ts";

interface Row {
  /** Shows the step that runs now. */
  show(text: string): void;
  done(): void;
  fail(reason: Error): void;
}

export class LiveReport implements Report {
  readonly #rows = new Map<string, Row>();
  readonly #failed = new Map<string, string>();
  readonly #log: string;
  readonly #drawn: Promise<unknown>;

  constructor(hosts: readonly string[], log: string) {
    this.#log = log;
    mkdirSync(dirname(log), { recursive: true });
    writeFileSync(log, "");
    const tasks = hosts.map((host) => ({
      title: host,
      task: (_: unknown, task: { output: string; title: string }) =>
        new Promise<void>((resolve, reject) => {
          this.#rows.set(host, {
            show: (text) => {
              task.output = text;
              task.title = `${host}  ${text}`;
            },
            done: resolve,
            fail: reject,
          });
        }),
    }));
    this.#drawn = new Listr(tasks, { concurrent: true, exitOnError: false }).run();
  }

  step(host: string, step: string, text: string): void {
    appendFileSync(this.#log, `${host} ${step} ${text}\n`);
    this.#rows.get(host)?.show(`${step} ${text}`);
    if (step === "same" || step === "generation") this.#rows.get(host)?.done();
  }

  failed(host: string, reason: string): void {
    appendFileSync(this.#log, `${host} FAILED\n${reason}\n`);
    this.#failed.set(host, reason);
    this.#rows.get(host)?.fail(new Error(reason.split("\n", 1)[0]));
  }

  async close(): Promise<void> {
    for (const row of this.#rows.values()) row.done();
    await this.#drawn;
    for (const [host, reason] of this.#failed) console.error(`\n${host}\n${reason}`);
    if (this.#failed.size > 0) console.error(`\nThe whole log: ${this.#log}`);
  }
}
