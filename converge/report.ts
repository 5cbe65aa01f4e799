// What a run says: one line per step and host, and the whole of it in a log file.
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** cdktf loses the end of a failing child's output: what fails says its reason in under 2 KB, last. */
const MAX_REASON = 1800;

export interface Report {
  step(host: string, step: string, text: string): void;
  failed(host: string, reason: string): void;
  /** Ends the display; `log` is named where something failed. */
  close(): Promise<void> | void;
}

export class PlainReport implements Report {
  readonly #width: number;
  readonly #log: string;
  #failures = 0;

  constructor(hosts: readonly string[], log: string) {
    this.#width = Math.max(...hosts.map((host) => host.length));
    this.#log = log;
    mkdirSync(dirname(log), { recursive: true });
    writeFileSync(log, "");
  }

  step(host: string, step: string, text: string): void {
    this.#line(`${host.padEnd(this.#width)}  ${step.padEnd(9)}  ${text}`);
  }

  failed(host: string, reason: string): void {
    this.#failures += 1;
    appendFileSync(this.#log, `${host} FAILED\n${reason}\n`);
    const text = reason.length > MAX_REASON ? `…${reason.slice(-MAX_REASON)}` : reason;
    console.error(
      `${host.padEnd(this.#width)}  FAILED     ${text.replaceAll("\n", `\n${" ".repeat(this.#width + 2)}`)}`,
    );
  }

  close(): void {
    if (this.#failures > 0) console.error(`The whole log: ${this.#log}`);
  }

  #line(text: string): void {
    appendFileSync(this.#log, `${text}\n`);
    console.log(text);
  }
}
