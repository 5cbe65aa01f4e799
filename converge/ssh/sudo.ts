// How a user other than root runs root's commands. A password goes to the host over stdin alone, before what the command reads.
import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { word } from "../../templates/shell/print.ts";
import { ConvergeFault } from "../fault.ts";
import type { ExecResult } from "./ssh.ts";

export interface Call {
  readonly command: string;
  readonly stdin: string | Readable;
}

/** Ends the password on stdin, and on stderr what sudo says before the command begins. */
const MARK = `soundstage-${randomUUID()}`;

export class Sudo {
  readonly #user: string;
  readonly #password: string | undefined;
  #proven = false;

  constructor(user: string, password: string | undefined) {
    if (password !== undefined && /[\n\r\0]/.test(password))
      throw new ConvergeFault(
        "the password that ssh.sudo.password names holds a line break: sudo reads one line",
      );
    this.#user = user;
    this.#password = password;
  }

  /** Whether a command that reads stdin may follow: a wrong password would let sudo read on, and try the rest as passwords. */
  get proven(): boolean {
    return this.#proven || this.#password === undefined;
  }

  call({ command, stdin }: Call): Call {
    const begin = `echo ${MARK} >&2`;
    if (this.#password === undefined) return { command: root("-n", `${begin}; ${command}`), stdin };
    const password = `${this.#password}\n`;
    // Whether sudo asks is its own business (NOPASSWD, a recent login): what it leaves unread is not for the command.
    if (stdin === "")
      return { command: root("-S -p ''", `${begin}; exec </dev/null; ${command}`), stdin: password };
    const skip = `while IFS= read -r line && [ "$line" != ${MARK} ]; do :; done`;
    return {
      command: root("-S -p ''", `${begin}; ${skip}; unset line; ${command}`),
      stdin: before(`${password}${MARK}\n`, stdin),
    };
  }

  /** The command's own answer; throws where sudo did not let it begin. */
  answer({ code, stdout, stderr }: ExecResult): ExecResult {
    const [said, rest] = split(stderr);
    if (rest === undefined) throw new ConvergeFault(this.#refusal(code, said.trim()));
    this.#proven = true;
    return { code, stdout, stderr: rest };
  }

  #refusal(code: number, said: string): string {
    const user = this.#user;
    if (/must have a tty/.test(said))
      return `sudo wants a terminal, which a run has not: write "Defaults:${user} !requiretty" into the host's sudoers file`;
    if (/incorrect password|try again|no password was provided/i.test(said))
      return `sudo refuses the password of ${user}: ssh.sudo.password names another than the host's`;
    if (/password is required/.test(said))
      return `sudo asks for the password of ${user}: name it in ssh.sudo.password, or write "${user} ALL=(root) NOPASSWD: ALL" into the host's sudoers file`;
    if (/not in the sudoers|not allowed to/i.test(said))
      return `${user} may not become root: the host's sudoers file does not allow it`;
    if (code === 127) return `there is no sudo on the host: install it, or log in as root`;
    return `sudo did not begin the command: exit code ${code}\n${said.split("\n").slice(-20).join("\n")}`;
  }
}

/** In sudo's own words, whatever the language of the host. */
function root(options: string, script: string): string {
  return `env LC_ALL=C sudo ${options} -- sh -c ${word(script)}`;
}

/** What a command said itself, without sudo's words before it. */
export function own(stderr: string): string {
  const [said, rest] = split(stderr);
  return rest ?? said;
}

function split(stderr: string): [said: string, own?: string] {
  const at = stderr.indexOf(`${MARK}\n`);
  return at < 0 ? [stderr] : [stderr.slice(0, at), stderr.slice(at + MARK.length + 1)];
}

function before(prefix: string, stdin: string | Readable): string | Readable {
  if (typeof stdin === "string") return prefix + stdin;
  return Readable.from(
    (async function* () {
      yield Buffer.from(prefix);
      yield* stdin;
    })(),
  );
}
