import type { Command } from "commander";

export function register(program: Command): void {
  program
    .command("validate [file]")
    .description("check a platform file")
    .action(async (file?: string) => (await import("../validate.ts")).validate(file));
}
