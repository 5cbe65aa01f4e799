import { resolve } from "node:path";
import type { Command } from "commander";
import { exitCodes, jsonOption, outputOption, requireStack, stackOption } from "./options.ts";

export function register(program: Command, output: string): void {
  program
    .command("status [hosts...]")
    .description("show the hosts of stacks at a glance")
    .addOption(stackOption())
    .hook("preAction", requireStack)
    .addOption(outputOption(output))
    .addOption(jsonOption())
    .addHelpText("after", exitCodes({ 0: "all are well", 1: "one is not, or can not be reached" }))
    .action(
      async (hosts: string[], options: { stack: string | string[]; output: string; json?: boolean }) => {
        const { status } = await import("../../converge/look/status.ts");
        process.exitCode = await status({ ...options, output: resolve(options.output), hosts });
      },
    );
}
