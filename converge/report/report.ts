// What a run says: one line per step and host, its reasons whole where it fails, and its counts at the end.
import { plain } from "../text/plain.ts";
import type { RunLog } from "./run-log.ts";
import { type Summary, summaryText } from "./summary.ts";

/** cdktf loses the end of a failing child's output: what fails says its reason in under 2 KB, last. */
const MAX_REASON = 1800;

/** What a host's part of a run tells. */
export interface Report {
  step(host: string, step: string, text: string): void;
  failed(host: string, reason: string): void;
}

/** What a whole run shows. */
export interface Display extends Report {
  /** The run was told to end: it finishes its running steps. */
  stopping(reason: string): void;
  /** Ends what moves; the log is named where something failed. */
  close(): Promise<void> | void;
  /** The last words; also of a run that is abandoned, before anything is closed. */
  summary(summary: Summary): void;
}

export class PlainReport implements Display {
  readonly #width: number;
  readonly #log: RunLog;
  #failures = 0;

  constructor(log: RunLog) {
    this.#width = Math.max(...log.hosts.map((host) => host.length));
    this.#log = log;
  }

  step(host: string, step: string, text: string): void {
    const line = `${host.padEnd(this.#width)}  ${step.padEnd(9)}  ${plain(text)}`;
    this.#log.host(host, line);
    console.log(line);
  }

  failed(host: string, reason: string): void {
    this.#failures += 1;
    const whole = plain(reason);
    this.#log.host(host, `${host} FAILED\n${whole}`);
    const text = whole.length > MAX_REASON ? `…${whole.slice(-MAX_REASON)}` : whole;
    console.error(
      `${host.padEnd(this.#width)}  FAILED     ${text.replaceAll("\n", `\n${" ".repeat(this.#width + 2)}`)}`,
    );
  }

  stopping(reason: string): void {
    const text = stoppingText(reason);
    this.#log.all(text);
    console.error(text);
  }

  close(): void {
    if (this.#failures > 0) console.error(`The whole log: ${this.#log.files.join(", ")}`);
  }

  summary(summary: Summary): void {
    const text = summaryText(summary);
    this.#log.all(text);
    console.log(text);
  }
}

export function stoppingText(reason: string): string {
  return `${reason}: the steps that run are finished, no other host is begun; a second SIGINT ends it at once`;
}
