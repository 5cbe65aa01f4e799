import { resolve } from "node:path";
import type { Command } from "commander";
import { exitCodes, jsonOption, outputOption, requireStack, stackOption } from "./options.ts";

export function register(program: Command, output: string): void {
  program
    .command("doctor [hosts...]")
    .description(
      "examine this machine, and the hosts of stacks or those named, and say how to mend what fails",
    )
    .addOption(stackOption())
    // Without names of hosts, and of stacks, it is about this machine alone.
    .hook("preAction", async (command) => {
      if (command.args.length > 0) await requireStack(command);
    })
    .addOption(outputOption(output))
    .addOption(jsonOption())
    .addHelpText("after", exitCodes({ 0: "all is as it should be", 1: "something is not" }))
    .action(
      async (hosts: string[], options: { stack?: string | string[]; output: string; json?: boolean }) => {
        const { doctor } = await import("../../converge/look/doctor.ts");
        const { platformFile, readPlatform } = await import("../platform-file.ts");
        const file = platformFile();
        let fault: string | undefined;
        try {
          readPlatform(file);
        } catch (error) {
          fault = (error as Error).message;
        }
        const platform = { file, ...(fault !== undefined && { fault }) };
        process.exitCode = await doctor({ ...options, output: resolve(options.output), hosts, platform });
      },
    );
}
