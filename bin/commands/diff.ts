import type { Command } from "commander";
import { exitCodes, jsonOption } from "./options.ts";

interface Options {
  readonly output: string;
  readonly skipSynth?: boolean;
  readonly json?: boolean;
}

export function register(program: Command, output: string): void {
  program
    .command("diff [stacks...]")
    .description(
      "show what Terraform would change, in all stacks but `local` or in those named; hosts are not asked",
    )
    .option("--skip-synth", "take the output as it is")
    .option("--output <folder>", "folder to synthesize into", output)
    .addOption(jsonOption())
    .addHelpText(
      "after",
      exitCodes({
        0: "nothing would change",
        1: "a stack can not be planned; the others are shown",
        2: "something would change",
        129: "ended by SIGHUP before all stacks were planned",
        130: "the same by SIGINT",
        143: "the same by SIGTERM",
      }),
    )
    .action(async (stacks: string[], options: Options) => {
      const { diff } = await import("../../converge/deploy/diff.ts");
      const { synthesis } = await import("../app.ts");
      const synthesize = synthesis();
      process.exitCode = await diff({ ...options, stacks, ...(synthesize && { synthesize }) });
    });
}
