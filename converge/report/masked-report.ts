// A report in which no value of a secret is shown: a checker may quote the line that it refuses.

import type { Secrets } from "../secrets/secrets.ts";
import type { Report } from "./report.ts";

export class MaskedReport implements Report {
  readonly #report: Report;
  readonly #secrets: Secrets;

  constructor(report: Report, secrets: Secrets) {
    this.#report = report;
    this.#secrets = secrets;
  }

  step(host: string, step: string, text: string): void {
    this.#report.step(host, step, this.#secrets.masked(text));
  }

  failed(host: string, reason: string): void {
    this.#report.failed(host, this.#secrets.masked(reason));
  }
}
