import { resolve } from "node:path";
import type { Command } from "commander";
import {
  exitCodes,
  JSON_LINES,
  jsonOption,
  outputOption,
  requireStack,
  STOPPED,
  stackOption,
} from "./options.ts";

export function register(program: Command, output: string): void {
  program
    .command("apply [hosts...]")
    .description("bring the hosts of synthesized stacks to their bundles, without Terraform")
    .addOption(stackOption())
    .hook("preAction", requireStack)
    .addOption(outputOption(output))
    .option("--waves <sizes>", "sizes of the waves of hosts without an order, such as 1,25%,100%")
    .option("--max-fail <share>", "how many hosts may fail before no other is begun: 2, or 10%")
    .option("--only-failed", "only hosts that were not at their bundle when the last run ended")
    .option("--skip-unreachable", "go on without hosts that can not be reached, and fail at the end")
    .option("--lock-wait <time>", "how long to wait for another run that holds a host", "60s")
    .option(
      "--allow-older",
      "let hosts go back to an output that does not contain the commit they have (those of SOUNDSTAGE_ALLOW_OLDER may)",
    )
    .option(
      "--plan <file>",
      "apply what soundstage plan --out wrote, and only to hosts that are as they were then",
    )
    .addOption(jsonOption(JSON_LINES))
    .addHelpText(
      "after",
      exitCodes({ 0: "every host is at its bundle", 1: "one is not, or was refused", ...STOPPED }),
    )
    .action(async (hosts: string[], options: { stack: string | string[]; output: string }) => {
      const { converge } = await import("../../converge/converge.ts");
      process.exitCode = await converge({ ...options, output: resolve(options.output), hosts });
    });
}
