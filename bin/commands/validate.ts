import type { Command } from "commander";

export function register(program: Command): void {
  program
    .command("validate")
    .argument("[file]", "platform file (default: what SOUNDSTAGE_PLATFORM names, else platform.yaml)")
    .description("check a platform file, with what SOUNDSTAGE_SET sets for this run")
    .action(async (file?: string) => (await import("../validate.ts")).validate(file));
}
