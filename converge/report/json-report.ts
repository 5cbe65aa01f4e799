// What a run says to machines: an object a line as things happen, and one with the whole at the end.
import type { Display } from "./report.ts";
import type { RunLog } from "./run-log.ts";
import { hostsThat, type Summary } from "./summary.ts";

export class JsonReport implements Display {
  readonly #log: RunLog;

  constructor(log: RunLog) {
    this.#log = log;
  }

  step(host: string, step: string, text: string): void {
    this.#event(host, { event: "step", step, text });
  }

  failed(host: string, reason: string): void {
    this.#event(host, { event: "failed", reason });
  }

  stopping(reason: string): void {
    this.#say({ event: "stopping", reason }, (line) => this.#log.all(line));
  }

  close(): void {}

  summary({ outcomes, seconds, stopped }: Summary): void {
    const count = (outcome: Parameters<typeof hostsThat>[1]) => hostsThat(outcomes, outcome).length;
    this.#say(
      {
        event: "summary",
        same: count("same"),
        changed: count("changed"),
        failed: count("failed"),
        unreachable: count("unreachable"),
        changing: count("changing"),
        notBegun: count("not begun"),
        seconds: Math.round(seconds * 1000) / 1000,
        ...(stopped && { stopped }),
        hosts: Object.fromEntries(outcomes),
      },
      (line) => this.#log.all(line),
    );
  }

  #event(host: string, event: Readonly<Record<string, string>>): void {
    this.#say({ stack: this.#log.stack(host), host, ...event }, (line) => this.#log.host(host, line));
  }

  #say(event: object, log: (line: string) => void): void {
    const line = JSON.stringify({ time: new Date().toISOString(), ...event });
    log(line);
    console.log(line);
  }
}
