import type { Command } from "commander";

export function register(program: Command, output: string): void {
  program
    .command("converge <stack>", { hidden: true })
    .description("what Terraform runs: applies exactly what was planned")
    .action(async (stack: string) => {
      const { converge } = await import("../../converge/converge.ts");
      const triggers = process.env.SOUNDSTAGE_TRIGGERS;
      process.exitCode = await converge({ output, stack, ...(triggers && { triggers }) });
    });
}
