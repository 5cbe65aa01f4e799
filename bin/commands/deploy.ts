import type { Command } from "commander";

export function register(program: Command): void {
  program
    .command("deploy [stacks...]")
    .description(
      "deploy zones, then the regions one by one, then traffic; or the stacks named, in that order",
    )
    .option("--output <folder>", "folder to synthesize into", "cdktf.out")
    .action(async (stacks: string[], options: { output: string }) => {
      const { deploy } = await import("../../converge/deploy.ts");
      process.exitCode = await deploy(stacks, options.output);
    });
}
