import type { Command } from "commander";

export function register(program: Command): void {
  program
    .command("supervise <folder>", { hidden: true })
    .description("what keeps the processes of a folder running")
    .action(async (folder: string) => (await import("../../converge/local/supervise.ts")).supervise(folder));
}
