// The whole of a run, in a file for each of its stacks.
import { appendFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeFolder } from "../../bundle/make-folder.ts";

export class RunLog {
  /** Host → its stack. */
  readonly #stacks: ReadonlyMap<string, string>;
  readonly #output: string;

  readonly #command: string;

  /** Begins each stack's file anew. */
  constructor(output: string, stacks: ReadonlyMap<string, string>, command = "") {
    this.#output = output;
    this.#command = command;
    this.#stacks = stacks;
    for (const file of this.files) {
      makeFolder(dirname(file));
      writeFileSync(file, "");
    }
  }

  get hosts(): string[] {
    return [...this.#stacks.keys()];
  }

  get files(): string[] {
    return [...new Set(this.#stacks.values())].map((stack) => this.#file(stack));
  }

  stack(host: string): string {
    return this.#stacks.get(host) as string;
  }

  host(host: string, text: string): void {
    appendFileSync(this.#file(this.stack(host)), timed(text));
  }

  /** What concerns all of its hosts. */
  all(text: string): void {
    for (const file of this.files) appendFileSync(file, timed(text));
  }

  #file(stack: string): string {
    return join(this.#output, "logs", `${stack}${this.#command && `.${this.#command}`}.log`);
  }
}

/** Its lines, each behind the moment in UTC. */
function timed(text: string): string {
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  return text
    .split("\n")
    .map((line) => `${now} ${line}\n`)
    .join("");
}
