import { resolve } from "node:path";
import type { Command } from "commander";
import { jsonOption, outputOption, stackOfHost } from "./options.ts";

export function register(program: Command, output: string): void {
  program
    .command("unlock <host>")
    .description("take a host from a run that nobody needs any more, and put back what it left unproven")
    .addOption(stackOfHost())
    .option("--yes", "do not ask")
    .addOption(outputOption(output))
    .addOption(jsonOption())
    .action(async (host: string, options: { stack: string; output: string; yes?: boolean }) => {
      const { unlock } = await import("../../converge/look/unlock.ts");
      const { askedYes } = await import("../ask.ts");
      const confirmed = options.yes ? async () => true : askedYes;
      process.exitCode = await unlock({ ...options, output: resolve(options.output), host, confirmed });
    });
}
