import { resolve } from "node:path";
import type { Command } from "commander";
import { jsonOption, outputOption, requireStack, stackOfHost } from "./options.ts";

interface Options {
  readonly stack: string;
  readonly out: string;
  readonly url: string;
  readonly output: string;
  readonly json?: boolean;
}

export function register(program: Command, output: string): void {
  program
    .command("cloud-init <host>")
    .description("print the user data with which a new machine brings itself to its bundle")
    .addOption(stackOfHost())
    .hook("preAction", requireStack)
    .requiredOption("--out <file>", "where to write its bundle, a .tar.gz for you to put at the URL")
    .requiredOption("--url <url>", "https address at which the host will find that file")
    .addOption(outputOption(output))
    .addOption(jsonOption())
    .action(async (host: string, options: Options) => {
      const { cloudInit } = await import("../../converge/cloud-init.ts");
      const userData = await cloudInit({ ...options, output: resolve(options.output), host });
      const { out, url, json } = options;
      if (json) return console.log(JSON.stringify({ host, file: out, url, userData }, null, 2));
      process.stdout.write(userData);
      console.error(`${out} is written: put it at ${url}`);
    });
}
