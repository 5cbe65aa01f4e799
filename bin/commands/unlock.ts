import { resolve } from "node:path";
import type { Command } from "commander";
import { exitCodes, jsonOption, outputOption, requireStack, stackOfHost } from "./options.ts";

export function register(program: Command, output: string): void {
  program
    .command("unlock <host>")
    .description("take a host from a run that nobody needs any more, and put back what it left unproven")
    .addOption(stackOfHost())
    .hook("preAction", requireStack)
    .option("--yes", "do not ask")
    .addOption(outputOption(output))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      exitCodes({
        0: "nobody holds the host any more",
        1: "it could not be taken",
        2: "it was not confirmed, and nothing was changed",
      }),
    )
    .action(async (host: string, options: { stack: string; output: string; yes?: boolean }) => {
      const { unlock } = await import("../../converge/look/unlock.ts");
      const { askedYes } = await import("../ask.ts");
      const confirmed = options.yes ? async () => true : (question: string) => askedYes(question);
      process.exitCode = await unlock({ ...options, output: resolve(options.output), host, confirmed });
    });
}
