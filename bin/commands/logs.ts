import { resolve } from "node:path";
import type { Command } from "commander";
import { exitCodes, jsonOption, outputOption, requireStack, stackOfHost } from "./options.ts";

export function register(program: Command, output: string): void {
  program
    .command("logs <host> [unit]")
    .description("show the journal of a unit of a host, or of all units of its bundle")
    .addOption(stackOfHost())
    .hook("preAction", requireStack)
    .option("--follow", "go on with what is logged from now on")
    .option("--lines <number>", "how many of the last lines", "100")
    .addOption(outputOption(output))
    .addOption(jsonOption("the journal's own objects, one a line"))
    .addHelpText(
      "after",
      exitCodes({ 0: "shown", other: "that of journalctl(1) on the host; 1 where it is not reached" }),
    )
    .action(async (host: string, unit: string | undefined, options: { stack: string; output: string }) => {
      const { logs } = await import("../../converge/look/logs.ts");
      const wanted = { ...options, output: resolve(options.output), host };
      process.exitCode = await logs({ ...wanted, ...(unit && { unit }) });
    });
}
