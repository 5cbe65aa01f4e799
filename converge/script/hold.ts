// The right to change a host: a command there that holds it while this process gives signs of life.
import { randomUUID } from "node:crypto";
import { PassThrough, type Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { ConvergeFault } from "../fault.ts";
import type { ExecResult } from "../ssh/ssh.ts";

/** Milliseconds; the host takes three missed ones for the end of this process (`BEAT` of the script). */
const BEAT = 5_000;
const LOCKED = 4;

export interface HoldWait {
  /** Milliseconds to wait for another run. */
  readonly ms: number;
  /** Told once who is waited for. */
  readonly waiting: (holder: string) => void;
}

/** Starts the command; `heard` is given what it prints. */
export type Begin = (token: string, input: Readable, heard: (text: string) => void) => Promise<ExecResult>;

export class Hold {
  /** Goes with every verb: the host refuses those of a run that it was taken from. */
  readonly token: string;
  readonly #input: PassThrough;
  readonly #ended: Promise<unknown>;
  readonly #beat: NodeJS.Timeout;

  private constructor(token: string, input: PassThrough, ended: Promise<unknown>) {
    this.token = token;
    this.#input = input;
    this.#beat = setInterval(() => input.write("beat\n"), BEAT);
    // A connection that is lost tells so to the verbs.
    this.#ended = ended.catch(() => {}).finally(() => clearInterval(this.#beat));
  }

  static async take(begin: Begin, { ms, waiting }: HoldWait): Promise<Hold> {
    const until = Date.now() + ms;
    for (let told = false; ; told = true) {
      const answer = await Hold.#attempt(begin);
      if (answer instanceof Hold) return answer;
      if (answer.code !== LOCKED)
        throw new ConvergeFault(
          `the host can not be taken: exit code ${answer.code}\n${answer.stderr.trim()}`,
        );
      const held = answer.stdout.split("\t")[1]?.trim() ?? "nobody knows who";
      if (Date.now() >= until) {
        throw new ConvergeFault(
          `another run holds the host: ${held}; wait for it with --lock-wait, or, where nobody needs it any more, take the host from it: soundstage unlock`,
        );
      }
      if (!told) waiting(held);
      await sleep(1000);
    }
  }

  async end(): Promise<void> {
    this.#input.end("done\n");
    await Promise.race([this.#ended, sleep(10_000, undefined, { ref: false })]);
  }

  static async #attempt(begin: Begin): Promise<Hold | ExecResult> {
    const [token, input] = [randomUUID(), new PassThrough()];
    let said = "";
    return new Promise((resolve, reject) => {
      const ended = begin(token, input, (text) => {
        said += text;
        if (said.includes("held\t")) resolve(new Hold(token, input, ended));
      });
      ended.then(resolve, reject);
    });
  }
}
