import { resolve } from "node:path";
import type { Command } from "commander";
import { jsonOption, outputOption, requireStack, stackOfHost } from "./options.ts";

export function register(program: Command, output: string): void {
  program
    .command("history <host>")
    .description("show the generations that a host keeps")
    .addOption(stackOfHost())
    .hook("preAction", requireStack)
    .option("--audit", "all that was ever done to it: when, what, by whom and from where")
    .addOption(outputOption(output))
    .addOption(jsonOption())
    .action(async (host: string, options: { stack: string; output: string }) => {
      const { history } = await import("../../converge/look/history.ts");
      await history({ ...options, output: resolve(options.output), host });
    });
}
