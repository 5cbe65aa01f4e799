import { createInterface } from "node:readline/promises";

export interface Asking {
  /** An answer that is as good as yes. */
  readonly also?: string;
  /** What to say instead of an answer where there is no terminal. @default --yes answers */
  readonly unasked?: string;
}

/** Whether a question was answered with yes; where there is no terminal to ask at, it was not. */
export async function askedYes(
  question: string,
  { also, unasked = "--yes answers" }: Asking = {},
): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    console.error(`there is no terminal to ask at: ${unasked}`);
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = (await terminal.question(question)).trim();
  terminal.close();
  return answer === "yes" || answer === also;
}
