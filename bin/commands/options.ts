// Options that several commands have, each said in one way.
import { resolve } from "node:path";
import { type Command, Option } from "commander";

/** The folder of the stacks. */
export function outputOption(output: string): Option {
  return new Option("--output <folder>", "folder that cdktf synthesized into").default(output);
}

/** One stack or more. */
export function stackOption(): Option {
  return new Option(
    "--stack <stack>",
    "stack whose hosts are meant, such as region-eu; may be repeated",
  ).argParser((value: string, before: string[] = []) => [...before, value]);
}

/** The stack of a command that is about one host. */
export function stackOfHost(): Option {
  return new Option("--stack <stack>", "stack that the host belongs to, such as region-eu");
}

/** Before a command that wants a stack: where none is named it is the only one, or those that there are are named. */
export async function requireStack(command: Command): Promise<void> {
  const { stack, output } = command.opts<{ stack?: string | string[]; output: string }>();
  if (stack !== undefined) return;
  const { onlyStack } = await import("../../converge/output/stacks.ts");
  command.setOptionValue("stack", onlyStack(resolve(output)));
}

export function jsonOption(description = "print one JSON object"): Option {
  return new Option("--json", description);
}

/** Of a run, which tells as it goes. */
export const JSON_LINES = "say what happens as a JSON object a line";

/** Of a run that was told to end. */
export const STOPPED = {
  129: "ended by SIGHUP before all hosts were begun",
  130: "the same by SIGINT",
  143: "the same by SIGTERM",
};

/** The end of a command's help. */
export function exitCodes(codes: Readonly<Record<string, string>>): string {
  return `\nExit codes:\n${Object.entries(codes)
    .map(([code, meaning]) => `  ${code.padEnd(5)}  ${meaning}`)
    .join("\n")}`;
}
