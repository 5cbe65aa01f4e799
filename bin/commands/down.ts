import { resolve } from "node:path";
import type { Command } from "commander";
import { jsonOption, outputOption } from "./options.ts";

export function register(program: Command, output: string): void {
  program
    .command("down <stack>")
    .description("stop the processes of a stack that runs in a folder of this machine")
    .addOption(outputOption(output))
    .addOption(jsonOption())
    .action(async (stack: string, options: { output: string; json?: boolean }) => {
      const { down } = await import("../../converge/local/down.ts");
      await down({ ...options, output: resolve(options.output), stack });
    });
}
