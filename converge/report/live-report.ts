// What a person at a terminal sees: a line a host that moves, and the failures whole at the end.
import { writeSync } from "node:fs";
import { Listr } from "listr2";
import { plain } from "../text/plain.ts";
import { type Display, stoppingText } from "./report.ts";
import type { RunLog } from "./run-log.ts";
import { type Summary, summaryText } from "./summary.ts";

interface Row {
  /** Shows the step that runs now. */
  show(text: string): void;
  done(): void;
  skip(text: string): void;
  fail(reason: Error): void;
}

/** What the drawing hides while it moves. */
const SHOW_CURSOR = "\x1b[?25h\n";

export class LiveReport implements Display {
  /** Of the hosts that still move. */
  readonly #rows = new Map<string, Row>();
  /** Host → its reasons: one that can not be left in order has two. */
  readonly #failed = new Map<string, string[]>();
  readonly #log: RunLog;
  readonly #drawn: Promise<unknown>;
  #closed = false;

  constructor(log: RunLog) {
    this.#log = log;
    const tasks = log.hosts.map((host) => ({
      title: host,
      task: (_: unknown, task: { output: string; title: string; skip(message: string): void }) =>
        new Promise<void>((resolve, reject) => {
          this.#rows.set(host, {
            show: (text) => {
              task.output = text;
              task.title = `${host}  ${text}`;
            },
            done: resolve,
            skip: (text) => {
              task.skip(`${host}  ${text}`);
              resolve();
            },
            fail: reject,
          });
        }),
    }));
    this.#drawn = new Listr(tasks, {
      concurrent: true,
      exitOnError: false,
      // A SIGINT is the run's own business: steps are finished first.
      registerSignalListeners: false,
    }).run();
  }

  step(host: string, step: string, text: string): void {
    this.#log.host(host, `${host} ${step} ${plain(text)}`);
    if (step === "stopped" || step === "unreachable")
      this.#end(host)?.skip(`${step}: ${plain(text).split("\n", 1)[0]}`);
    else this.#rows.get(host)?.show(`${step} ${plain(text)}`);
    if (step === "same" || step === "generation" || step === "upgraded") this.#end(host)?.done();
  }

  failed(host: string, reason: string): void {
    this.#log.host(host, `${host} FAILED\n${plain(reason)}`);
    this.#failed.set(host, [...(this.#failed.get(host) ?? []), plain(reason)]);
    this.#end(host)?.fail(new Error(plain(reason).split("\n", 1)[0]));
  }

  stopping(reason: string): void {
    const text = stoppingText(reason);
    this.#log.all(text);
    for (const row of this.#rows.values()) row.show(text);
  }

  async close(): Promise<void> {
    for (const row of this.#rows.values()) row.done();
    await this.#drawn;
    this.#closed = true;
    for (const [host, reasons] of this.#failed) console.error(`\n${host}\n${reasons.join("\n")}`);
    if (this.#failed.size > 0) console.error(`\nThe whole log: ${this.#log.files.join(", ")}`);
  }

  summary(summary: Summary): void {
    const text = summaryText(summary);
    this.#log.all(text);
    // While it draws, the drawing holds back what is printed.
    writeSync(1, `${this.#closed ? "" : SHOW_CURSOR}${text}\n`);
  }

  #end(host: string): Row | undefined {
    const row = this.#rows.get(host);
    this.#rows.delete(host);
    return row;
  }
}
