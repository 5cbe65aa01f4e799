import { createInterface } from "node:readline/promises";

export interface Asking {
  /** An answer that is as good as yes. */
  readonly also?: string;
  /** What to say instead of an answer where there is no terminal. @default --yes answers */
  readonly unasked?: string;
  /** Ends the question with no. */
  readonly signal?: AbortSignal;
}

/** Whether there is somebody to ask. */
export function isAttended(): boolean {
  return Boolean(process.stdin.isTTY && process.stdout.isTTY);
}

/** Whether a question was answered with yes; where there is no terminal to ask at, it was not. */
export async function askedYes(
  question: string,
  { also, unasked = "--yes answers", signal }: Asking = {},
): Promise<boolean> {
  if (!isAttended()) {
    console.error(`there is no terminal to ask at: ${unasked}`);
    return false;
  }
  const answer = await asked(question, signal);
  return answer === "yes" || answer === also;
}

/** What somebody types at the terminal, without the spaces around it. */
export async function asked(question: string, signal?: AbortSignal): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // Ctrl-D and Ctrl-C close it, and no answer ever comes.
  const closed = new Promise<string>((resolve) => terminal.once("close", () => resolve("")));
  signal?.addEventListener("abort", () => terminal.close(), { once: true });
  // The terminal is in raw mode: its Ctrl-C is a key, and no signal.
  terminal.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
  const answer = (await Promise.race([terminal.question(question), closed])).trim();
  terminal.close();
  return answer;
}
