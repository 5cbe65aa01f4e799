// One connection a host: over its jump hosts, to the first of its ports that answers, as root.
import type { Readable, Writable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import type { NodeSSH } from "node-ssh";
import type { Channel } from "ssh2";
import type { Connection } from "../../bundle/manifest.ts";
import { ConvergeFault, UnreachableFault } from "../fault.ts";
import type { Access } from "./access.ts";
import { type LoginWay, login, RefusedLogin } from "./handshake.ts";
import { type Lease, MAX_CHANNELS } from "./jump.ts";
import { type Call, own, type Sudo } from "./sudo.ts";
import { hostTarget, jumpTargets, type Target } from "./target.ts";

/** How a command ended. */
export interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Characters kept of what a command says whose output is streamed. */
const MAX_STDERR = 4096;
/** sshd counts a session that has ended until it looks again: one more may be refused meanwhile (MaxSessions). */
const PATIENCE = 10_000;
const isFull = (error: unknown) => (error as Error).message.includes("Channel open failure");

/** How a machine is reached, and as whom. */
interface Way extends LoginWay {
  readonly sudo?: Sudo | undefined;
}

export class Ssh {
  readonly #ssh: NodeSSH;
  readonly #over: Lease | undefined;
  readonly #sudo: Sudo | undefined;
  readonly #waiting: (() => void)[] = [];
  #channels = 0;

  private constructor(ssh: NodeSSH, over: Lease | undefined, sudo: Sudo | undefined) {
    this.#ssh = ssh;
    this.#over = over;
    this.#sudo = sudo;
  }

  /** Tries the ports in order; a host key that is not the known one ends it at once. */
  static async connect(connection: Connection, access: Access, ending?: AbortSignal): Promise<Ssh> {
    const sudo = access.sudo(connection);
    const over = await Ssh.over(connection, access, ending);
    return Ssh.#connect(hostTarget(connection), { over, access, sudo, ending });
  }

  /** The end of the way to a host, as far as it leads over others. */
  static over(connection: Connection, access: Access, ending?: AbortSignal): Promise<Lease | undefined> {
    return access.jumps.lease(jumpTargets(connection), (hop, over) =>
      Ssh.#connect(hop, { over, access, ending }),
    );
  }

  static async #connect(target: Target, { over, access, sudo, ending }: Way): Promise<Ssh> {
    try {
      const reasons: string[] = [];
      const faults: Error[] = [];
      for (const port of target.ports) {
        try {
          return new Ssh(await login(target, port, { over, access, ending }), over, sudo);
        } catch (error) {
          if (error instanceof ConvergeFault || ending?.aborted) throw error;
          reasons.push(`port ${port}: ${(error as Error).message}`);
          faults.push(error as Error);
        }
      }
      const message = `${target.label}${target.user}@${target.address} can not be reached: ${reasons.join("; ")}`;
      if (faults.some((fault) => fault instanceof RefusedLogin)) throw new ConvergeFault(message);
      throw new UnreachableFault(message, faults.every(isTransient));
    } catch (error) {
      over?.release();
      throw error;
    }
  }

  /**
   * Runs a command as root, and as the user where that is another only to become root.
   * @param heard is given what the command prints while it still runs
   */
  async exec(
    command: string,
    stdin: string | Readable = "",
    heard?: (text: string) => void,
  ): Promise<ExecResult> {
    const sudo = this.#sudo;
    if (!sudo) return this.#run({ command, stdin }, heard);
    if (stdin !== "" && !sudo.proven) await this.exec("true");
    return sudo.answer(await this.#run(sudo.call({ command, stdin }), heard));
  }

  /**
   * Runs a command as root whose output goes on as it comes, and is kept nowhere.
   * @returns its exit code, 0 as well where nobody reads on, and the end of what it said on stderr
   */
  async stream(command: string, out: Writable): Promise<Omit<ExecResult, "stdout">> {
    const sudo = this.#sudo;
    // What it refuses, it refuses here.
    if (sudo) await this.exec("true");
    const call = sudo?.call({ command, stdin: "" }) ?? { command, stdin: "" };
    return new Promise((resolve, reject) => {
      const lost = () => reject(new UnreachableFault("the connection to the host is lost"));
      if (!this.#ssh.connection) return lost();
      this.#ssh.connection.exec(call.command, (error, channel) => {
        if (error) return reject(new ConvergeFault(`no command can be begun on the host: ${error.message}`));
        let code: number | null = null;
        let stderr = "";
        out.once("error", () => {
          channel.destroy();
          resolve({ code: 0, stderr: "" });
        });
        channel.once("exit", (exit: number | null) => {
          code = exit;
        });
        channel.once("close", () => (code === null ? lost() : resolve({ code, stderr: own(stderr) })));
        channel.stderr.on("data", (chunk: Buffer) => {
          stderr = (stderr + chunk.toString()).slice(-MAX_STDERR);
        });
        channel.pipe(out, { end: false });
        channel.end(call.stdin);
      });
    });
  }

  async #run({ command, stdin }: Call, heard?: (text: string) => void): Promise<ExecResult> {
    await this.#channel();
    try {
      const until = Date.now() + PATIENCE;
      for (;;) {
        try {
          return await this.#answer(command, stdin, heard);
        } catch (error) {
          if (error instanceof ConvergeFault) throw error;
          if (!isFull(error) || Date.now() > until)
            throw new ConvergeFault(`no command can be begun on the host: ${(error as Error).message}`);
          await setTimeout(50);
        }
      }
    } finally {
      this.#channels -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #channel(): Promise<void> {
    while (this.#channels >= MAX_CHANNELS) await new Promise<void>((free) => this.#waiting.push(free));
    this.#channels += 1;
  }

  async #answer(
    command: string,
    stdin: string | Readable,
    heard?: (text: string) => void,
  ): Promise<ExecResult> {
    if (!this.#ssh.isConnected()) throw new UnreachableFault("the connection to the host is lost");
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    let fault: Error | undefined;
    const { code, signal } = await this.#ssh.execCommand(command, {
      // Its type says `string`, of the stream it takes as well.
      stdin: stdin as string,
      noTrim: true,
      onStdout: (chunk) => {
        stdout.push(chunk);
        heard?.(chunk.toString());
      },
      onStderr: (chunk) => stderr.push(chunk),
      onChannel: (channel) => {
        if (typeof stdin === "string") return;
        stdin.once("error", (error) => {
          fault = error;
          channel.destroy();
        });
      },
    });
    if (fault) throw new ConvergeFault(fault.message);
    if (code === null) {
      if (signal) throw new ConvergeFault(`the command on the host ended by ${signal}`);
      throw new UnreachableFault("the connection was lost while a step ran");
    }
    return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
  }

  /** A stream to an address as this host reaches it. */
  async forward(address: string, port: number): Promise<Channel> {
    try {
      return await this.#ssh.forwardOut("127.0.0.1", 0, address, port);
    } catch (error) {
      throw new Error(`the jump host does not reach it: ${(error as Error).message}`);
    }
  }

  onClose(closed: () => void): void {
    if (this.#ssh.connection) this.#ssh.connection.once("close", closed);
    else closed();
  }

  close(): void {
    this.#ssh.dispose();
    this.#over?.release();
  }
}

/** A name that does not resolve for now, a port that nobody listens on yet, a server that takes no more for now or restarts. */
function isTransient(error: Error): boolean {
  return (
    ["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET"].includes(
      (error as NodeJS.ErrnoException).code ?? "",
    ) || /before handshake|No response from server/.test(error.message)
  );
}
