// A program of the operator's that prints what a run needs, without a shell.
import { execFile } from "node:child_process";
import { ConvergeFault } from "../fault.ts";

export interface ProgramOptions {
  readonly cwd?: string;
  /** Milliseconds; then it is killed. */
  readonly timeout: number;
  /** What it reads. @default nothing */
  readonly input?: string;
}

/** It ran and did not succeed. */
export class ProgramFault extends ConvergeFault {
  /** Absent where it was killed. */
  readonly code: number | undefined;

  constructor(message: string, code?: number) {
    super(message);
    this.code = code;
  }
}

/** More than any secret, and less than what a wrong program may print. */
const MAX_OUTPUT = 4 << 20;
const LAST_LINES = 3;
const MAX_LINE = 200;

/** @returns what it prints; its arguments are shown in no fault, and neither is a word of what it printed */
export function printed(
  program: string,
  args: readonly string[],
  { input, ...options }: ProgramOptions,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const settings = { ...options, killSignal: "SIGKILL", maxBuffer: MAX_OUTPUT, encoding: "utf8" } as const;
    const child = execFile(program, args, settings, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      // An exit code, or the name of what kept it from running.
      const { code, killed } = error as { code?: number | string | null; killed?: boolean };
      if (code === "ENOENT") reject(new ConvergeFault(`${program} is not installed, or not on PATH`));
      else if (typeof code === "string") reject(new ConvergeFault(`${program} could not be run (${code})`));
      else if (killed) reject(new ProgramFault(`${program} did not end within ${options.timeout / 1000} s`));
      else
        reject(
          new ProgramFault(
            `${program} failed with exit code ${code ?? "none"}${said(stderr, stdout)}`,
            code ?? undefined,
          ),
        );
    });
    // One that ends early reads no further; what it said tells why.
    child.stdin?.on("error", () => {});
    // Whoever asks there gets no answer: a terminal may still be asked itself.
    child.stdin?.end(input ?? "");
  });
}

/** Its last words, unless they repeat what it printed. */
function said(stderr: string, stdout: string): string {
  const last = stderr
    .replace(/[^\P{Cc}\n]/gu, "")
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean)
    .slice(-LAST_LINES);
  if (last.length === 0) return "";
  const values = stdout
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  if (values.some((value) => stderr.includes(value)))
    return "; its words are not shown, since they hold what it printed";
  return `: ${last.map((line) => line.slice(0, MAX_LINE)).join(" / ")}`;
}
