import type { Command } from "commander";
import { exitCodes, jsonOption } from "./options.ts";

export function register(program: Command): void {
  program
    .command("validate")
    .argument("[file]", "platform file (default: what SOUNDSTAGE_PLATFORM names, else platform.yaml)")
    .description("check a platform file, with what SOUNDSTAGE_SET sets for this run")
    .addOption(jsonOption())
    .addHelpText("after", exitCodes({ 0: "no faults", 1: "faults, or it can not be read" }))
    .action(async (file: string | undefined, { json }: { json?: boolean }) =>
      (await import("../validate.ts")).validate(file, json),
    );
}
