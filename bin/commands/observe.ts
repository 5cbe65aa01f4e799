import { resolve } from "node:path";
import type { Command } from "commander";
import { exitCodes, jsonOption, outputOption } from "./options.ts";

export function register(program: Command, output: string): void {
  program
    .command("observe [stacks...]")
    .description(
      "write what the hosts of all regions, or of the stacks named, really have, for cdktf diff to warn of",
    )
    .addOption(outputOption(output))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      exitCodes({
        0: "written, and nothing drifted",
        1: "a host could not be asked; what is known is written",
        2: "written, and something drifted",
      }),
    )
    .action(async (stacks: string[], options: { output: string; json?: boolean }) => {
      const { observe } = await import("../../converge/observe/observe.ts");
      process.exitCode = await observe({ ...options, output: resolve(options.output), stacks });
    });
}
