// The verbs of the host's script, over one connection.
import type { Readable, Writable } from "node:stream";
import { sha256 } from "../../bundle/hash.ts";
import type { Connection } from "../../bundle/manifest.ts";
import { word } from "../../templates/shell/print.ts";
import { ConvergeFault } from "../fault.ts";
import type { Access } from "../ssh/access.ts";
import { Dial } from "../ssh/dial.ts";
import { type ExecResult, Ssh } from "../ssh/ssh.ts";
import { type Line, lines, StepFault } from "./answer.ts";
import { Hold, type HoldWait } from "./hold.ts";

const NO_SCRIPT = 66;
const LOCKED = 4;
/** Milliseconds until somebody wonders. */
const SLOW = 3000;

export interface Connecting {
  /** Once it is aborted, the connection is not made: `NotBegunFault`; one that is there lives on. @default nothing ends it */
  readonly ending?: AbortSignal | undefined;
  /** Told once where the host does not answer for a while, and is tried on. @default nobody is told */
  readonly slow?: ((text: string) => void) | undefined;
}

function slowText({ address, ports }: Connection): string {
  const place = address.includes(":") ? `[${address}]` : address;
  return `no answer yet from ${ports.map((port) => `${place}:${port}`).join(" or ")}, trying on`;
}

/** One for the process: its limits are those of the servers and networks, whoever connects. */
const dial = new Dial();

export class Remote {
  readonly #ssh: Ssh;
  readonly #script: string;
  /** Named by its content: a host that has another version is shipped this one beside it. */
  readonly #path: string;
  #hold: Hold | undefined;

  private constructor(ssh: Ssh, script: string) {
    this.#ssh = ssh;
    this.#script = script;
    this.#path = `/var/lib/soundstage/bin/${sha256(script).slice(0, 16)}.sh`;
  }

  static async connect(
    connection: Connection,
    access: Access,
    script: string,
    { ending, slow }: Connecting = {},
  ): Promise<Remote> {
    const server = connection.jump?.[0]?.address ?? connection.address;
    let patience: NodeJS.Timeout | undefined;
    // What waits for its turn is not the host's fault: its time begins with its first attempt.
    const open = () => {
      patience ??= slow && setTimeout(() => slow(slowText(connection)), SLOW);
      return Ssh.connect(connection, access, ending);
    };
    try {
      return new Remote(await dial.open(server, open, ending), script);
    } finally {
      clearTimeout(patience);
    }
  }

  /** One round trip; undefined where the host has never seen this version of the script. */
  async verify(): Promise<Line[] | undefined> {
    const answer = await this.#ssh.exec(
      `[ -e ${this.#path} ] || exit ${NO_SCRIPT}; exec sh ${this.#path} inspect`,
    );
    if (answer.code === NO_SCRIPT) return undefined;
    if (answer.code !== 0) throw new StepFault("verify", answer.stderr, answer.code);
    return lines(answer.stdout);
  }

  /**
   * What the host has otherwise than its generation, and than a plain manifest if one is given. Nothing is kept there:
   * where this version of the script is not at hand it goes along with the question.
   */
  async compare(plain = ""): Promise<Line[]> {
    const known = `[ -e ${this.#path} ] || { cat >/dev/null; exit ${NO_SCRIPT}; }; exec sh ${this.#path} compare`;
    let answer = await this.#ssh.exec(known, plain);
    if (answer.code === NO_SCRIPT) {
      const size = Buffer.byteLength(this.#script);
      const passing = `d=$(mktemp -d -p /run soundstage.XXXXXX) && trap 'rm -rf "$d"' EXIT && head -c ${size} >"$d/script" && sh "$d/script" compare`;
      answer = await this.#ssh.exec(passing, this.#script + plain);
    }
    if (answer.code !== 0) throw new StepFault("compare", answer.stderr, answer.code);
    return lines(answer.stdout);
  }

  /**
   * A verb that changes nothing, in one round trip. A host that has never seen this version of the script is read it,
   * and keeps nothing of it.
   */
  async ask(verb: string, args: readonly string[] = []): Promise<Line[]> {
    const call = [verb, ...args.map(word)].join(" ");
    let answer = await this.#ssh.exec(
      `[ -e ${this.#path} ] || exit ${NO_SCRIPT}; exec sh ${this.#path} ${call}`,
    );
    if (answer.code === NO_SCRIPT) answer = await this.#ssh.exec(`exec sh -s -- ${call}`, this.#script);
    if (answer.code !== 0) throw new StepFault(verb, answer.stderr, answer.code);
    return lines(answer.stdout);
  }

  /** What changes something must be on the host itself: it outlives the connection. */
  async ready(): Promise<void> {
    if ((await this.#ssh.exec(`[ -e ${this.#path} ]`)).code !== 0) await this.ship();
  }

  async ship(): Promise<void> {
    const folder = this.#path.slice(0, this.#path.lastIndexOf("/"));
    // Of its own: another run may ship it at the same time. What is cut short never gets the name.
    const part = `${this.#path}.$$.part`;
    const whole = `[ "$(wc -c <${part})" = ${Buffer.byteLength(this.#script)} ]`;
    const command = `umask 077 && mkdir -p ${folder} && cat >${part} && ${whole} && sync ${part} && mv ${part} ${this.#path}`;
    const answer = await this.#ssh.exec(command, this.#script);
    if (answer.code !== 0) throw new StepFault("ship", answer.stderr, answer.code);
  }

  /** Takes the host for this run; waits where another has it. */
  async hold(owner: string, wait: HoldWait): Promise<void> {
    const begin = (token: string, input: Readable, heard: (text: string) => void) =>
      this.#ssh.exec(this.#command("hold", [token, owner]), input, heard);
    this.#hold = await Hold.take(begin, wait);
  }

  /** Gives the host back; what is under way there is left to it. */
  async letGo(): Promise<void> {
    await this.#hold?.end();
    this.#hold = undefined;
  }

  /** Runs a verb; its lines when it succeeds, a `StepFault` when it does not. */
  async run(verb: string, args: readonly string[] = [], stdin: string | Readable = ""): Promise<Line[]> {
    const answer = await this.#ssh.exec(this.#command(verb, args), stdin);
    if (answer.code !== 0) throw this.#fault(verb, answer);
    return lines(answer.stdout);
  }

  #fault(verb: string, { code, stdout, stderr }: ExecResult): Error {
    return code === LOCKED
      ? new ConvergeFault(
          "the host was taken from this run, which gave no sign of life for 15 seconds, or was unlocked by somebody: what it had not proven is put back",
        )
      : new StepFault(verb, stderr, code, lines(stdout));
  }

  /** Whether a question of the script is answered with yes. */
  async asks(verb: string, args: readonly string[]): Promise<boolean> {
    const answer = await this.#ssh.exec(this.#command(verb, args));
    if (answer.code > 1) throw this.#fault(verb, answer);
    return answer.code === 0;
  }

  /** Runs a command that is no verb, whose output goes on as it comes. */
  stream(command: string, out: Writable): ReturnType<Ssh["stream"]> {
    return this.#ssh.stream(command, out);
  }

  #command(verb: string, args: readonly string[]): string {
    const lock = this.#hold ? ["--lock", this.#hold.token] : [];
    return ["exec", "sh", this.#path, ...lock, verb, ...args.map(word)].join(" ");
  }

  close(): void {
    this.#ssh.close();
  }
}
