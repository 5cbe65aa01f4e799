import { resolve } from "node:path";
import type { Command } from "commander";
import { outputOption, stackOfHost } from "./options.ts";

export function register(program: Command, output: string): void {
  program
    .command("cloud-init <host>")
    .description("print the user data with which a new machine brings itself to its bundle")
    .addOption(stackOfHost())
    .requiredOption("--out <file>", "where to write its bundle, a .tar.gz for you to put at the URL")
    .requiredOption("--url <url>", "https address at which the host will find that file")
    .addOption(outputOption(output))
    .action(async (host: string, options: { stack: string; out: string; url: string; output: string }) => {
      const { cloudInit } = await import("../../converge/cloud-init.ts");
      process.stdout.write(await cloudInit({ ...options, output: resolve(options.output), host }));
      console.error(`${options.out} is written: put it at ${options.url}`);
    });
}
