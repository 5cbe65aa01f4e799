// Programs that are watched to their end, one after the other, each with all that it started.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { ConvergeFault } from "../fault.ts";

export interface Started {
  readonly folder?: string;
  /** What to do where the program is not there. @default install it */
  readonly missing?: string;
  /** Told every line as it comes. */
  readonly heard?: (line: string, from: "stdout" | "stderr") => void;
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
}

export class Programs {
  #running: ChildProcess | undefined;

  /** Resolves when the program is gone, and with it every process that it left behind. */
  run(program: string, args: readonly string[], { folder, missing, heard }: Started = {}): Promise<Ended> {
    const child = spawn(program, args, {
      ...(folder && { cwd: folder }),
      env: { ...process.env, CHECKPOINT_DISABLE: "1", TF_IN_AUTOMATION: "1", SOUNDSTAGE_DEPLOY: "1" },
      // A group of its own: a terminal's SIGINT would come twice, once from the terminal and once from us.
      detached: true,
      // Terraform that is interrupted leaves its converge behind. Whatever it starts inherits the fourth, which
      // nobody writes to, so that `close` comes with the end of the last of them.
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    this.#running = child;
    const lines: string[] = [];
    for (const from of ["stdout", "stderr"] as const) {
      const stream = child[from];
      if (!stream) continue;
      createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on("line", (line) => {
        if (from === "stdout") lines.push(line);
        heard?.(line, from);
      });
    }
    (child.stdio[3] as NodeJS.ReadableStream | null)?.resume();
    return new Promise<Ended>((resolve, reject) => {
      child.once("error", (error: NodeJS.ErrnoException) => reject(notStarted(program, error, missing)));
      child.once("close", (code) => resolve({ code: code ?? 1, stdout: lines.join("\n") }));
    }).finally(() => {
      this.#running = undefined;
    });
  }

  /** As a terminal does it: the program and all that it started. @returns whether there was one */
  interrupt(): boolean {
    if (this.#running?.pid === undefined) return false;
    try {
      process.kill(-this.#running.pid, "SIGINT");
    } catch {
      // The last of them ended meanwhile.
    }
    return true;
  }
}

function notStarted(
  program: string,
  { code, message }: NodeJS.ErrnoException,
  missing = "install it",
): ConvergeFault {
  return new ConvergeFault(
    code === "ENOENT" ? `${program} is not on PATH: ${missing}` : `${program} can not be started: ${message}`,
  );
}
