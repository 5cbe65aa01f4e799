import { resolve } from "node:path";
import type { Command } from "commander";
import { outputOption } from "./options.ts";

export function register(program: Command, output: string): void {
  program
    .command("down <stack>")
    .description("stop the processes of a stack that runs in a folder of this machine")
    .addOption(outputOption(output))
    .action(async (stack: string, options: { output: string }) => {
      const { down } = await import("../../converge/converge.ts");
      await down(resolve(options.output), stack);
    });
}
