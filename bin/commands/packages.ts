import { resolve } from "node:path";
import type { Command } from "commander";
import { jsonOption, outputOption } from "./options.ts";

export function register(program: Command, output: string): void {
  program
    .command("packages")
    .description("the versions of Debian packages")
    .command("lock [hosts...]")
    .description("pin the versions that hosts have: writes packages.lock beside the platform file")
    .option("--stack <stack>", "stack whose hosts are meant; all when absent")
    .addOption(outputOption(output))
    .addOption(jsonOption())
    .action(async (hosts: string[], options: { stack?: string; output: string; json?: boolean }) => {
      const { lockPackages } = await import("../../converge/packages.ts");
      await lockPackages({ ...options, output: resolve(options.output), hosts });
    });
}
