import { resolve } from "node:path";
import type { Command } from "commander";
import { exitCodes, jsonOption, outputOption, requireStack, stackOption } from "./options.ts";

interface Options {
  readonly stack: string | string[];
  readonly output: string;
  readonly json?: boolean;
  readonly out?: string;
}

/** `plan` and `drift`: what hosts have, without a change to any. */
export function register(program: Command, output: string): void {
  const asking = (name: string, description: string, codes: Readonly<Record<string, string>>) =>
    program
      .command(`${name} [hosts...]`)
      .description(description)
      .addOption(stackOption())
      .hook("preAction", requireStack)
      .addOption(outputOption(output))
      .addOption(jsonOption())
      .addHelpText("after", exitCodes({ ...codes, 1: "a host could not be asked" }));
  asking("plan", "show what an apply would change on the hosts", { 0: "nothing", 2: "something" })
    .option("--out <file>", "write the plan, for apply --plan")
    .action(async (hosts: string[], options: Options) => {
      const { plan } = await import("../../converge/plan/plan.ts");
      process.exitCode = await plan({ ...options, output: resolve(options.output), hosts });
    });
  asking("drift", "show what differs from what was put on the hosts", {
    0: "nothing",
    2: "something",
  }).action(async (hosts: string[], options: Options) => {
    const { drift } = await import("../../converge/plan/drift.ts");
    process.exitCode = await drift({ ...options, output: resolve(options.output), hosts });
  });
}
