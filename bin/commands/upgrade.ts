import { resolve } from "node:path";
import { type Command, Option } from "commander";
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
    .command("upgrade [hosts...]")
    .description("bring Debian's security updates to hosts, with the restarts and reboots that they need")
    .addOption(stackOption())
    .hook("preAction", requireStack)
    .addOption(
      new Option("--reboot <when>", "restart hosts where it is due, never, or always")
        .choices(["auto", "never", "always"])
        .default("auto"),
    )
    .option("--all-packages", "all packages that are offered, not only the security archive's")
    .option("--waves <sizes>", "sizes of the waves of hosts without an order, such as 1,25%,100%")
    .option("--max-fail <share>", "how many hosts may fail before no other is begun: 2, or 10%")
    .option("--only-failed", "only hosts that were not done when the last upgrade ended")
    .option("--skip-unreachable", "go on without hosts that can not be reached, and fail at the end")
    .option("--lock-wait <time>", "how long to wait for another run that holds a host", "60s")
    .option("--reboot-timeout <time>", "how long a host that restarts may take to answer again", "10m")
    .option("--dry-run", "show what would be done, and do nothing")
    .option("--yes", "do not ask")
    .addOption(outputOption(output))
    .addOption(jsonOption(`${JSON_LINES}; of a dry run one object`))
    .addHelpText(
      "after",
      exitCodes({
        0: "every host has what is offered, and is proven",
        1: "one failed, or could not be asked",
        2: "it was not confirmed, and nothing was changed; of a dry run: something would be done",
        ...STOPPED,
      }),
    )
    .action(async (hosts: string[], options: { stack: string | string[]; output: string; yes?: boolean }) => {
      const { upgrade } = await import("../../converge/upgrade.ts");
      const { askedYes } = await import("../ask.ts");
      const confirmed = options.yes ? async () => true : (question: string) => askedYes(question);
      process.exitCode = await upgrade({ ...options, output: resolve(options.output), hosts, confirmed });
    });
}
