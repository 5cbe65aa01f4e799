import { join, resolve } from "node:path";
import type { Command } from "commander";
import { exitCodes, jsonOption } from "./options.ts";

export function register(program: Command, output: string): void {
  program
    .command("synth")
    .description("write the stacks of the platform file and the bundles of their hosts, as cdktf synth does")
    .option("--output <folder>", "folder to synthesize into", output)
    .addOption(jsonOption())
    .addHelpText("after", exitCodes({ 0: "written", 1: "faults, each with its place" }))
    .action(async (options: { output: string; json?: boolean }) => {
      const { synthesizeHere } = await import("../app.ts");
      const stacks = await synthesizeHere(resolve(options.output), (line) => console.error(line));
      const folders = stacks.map((stack) => ({ stack, folder: join(options.output, "stacks", stack) }));
      if (options.json) console.log(JSON.stringify({ output: options.output, stacks: folders }, null, 2));
      else for (const { stack, folder } of folders) console.log(`${stack.padEnd(20)}  ${folder}`);
    });
}
