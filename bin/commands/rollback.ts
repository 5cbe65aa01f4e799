import { resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import {
  exitCodes,
  JSON_LINES,
  jsonOption,
  outputOption,
  requireStack,
  STOPPED,
  stackOfHost,
} from "./options.ts";

export function register(program: Command, output: string): void {
  program
    .command("rollback <host>")
    .argument("[generation]", "one that `history` shows; else the last that was another bundle", numbered)
    .description("put an earlier generation of a host in place again")
    .addOption(stackOfHost())
    .hook("preAction", requireStack)
    .option("--lock-wait <time>", "how long to wait for a run that holds the host", "60s")
    .addOption(outputOption(output))
    .addOption(jsonOption(JSON_LINES))
    .addHelpText(
      "after",
      exitCodes({ 0: "it is in place and proven", 1: "it is not, and what was there is back", ...STOPPED }),
    )
    .action(
      async (host: string, generation: number | undefined, options: { stack: string; output: string }) => {
        const { rollback } = await import("../../converge/rollback.ts");
        const wanted = { ...options, output: resolve(options.output), host };
        process.exitCode = await rollback({ ...wanted, ...(generation !== undefined && { generation }) });
      },
    );
}

function numbered(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("expected a number that `history` shows.");
  return Number(text);
}
