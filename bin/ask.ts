import { createInterface } from "node:readline/promises";

/** Whether a question was answered with yes; where there is no terminal to ask at, it was not. */
export async function askedYes(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    console.error("there is no terminal to ask at: --yes answers");
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(question);
  terminal.close();
  return answer.trim() === "yes";
}
