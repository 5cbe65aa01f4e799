import { resolve } from "node:path";
import type { Command } from "commander";

interface Options {
  readonly stack: string[];
  readonly output: string;
  readonly json?: boolean;
  readonly out?: string;
}

/** `plan` and `drift`: what hosts have, without a change to any. */
export function register(program: Command, output: string): void {
  const asking = (name: string, description: string) =>
    program
      .command(`${name} [hosts...]`)
      .description(description)
      .requiredOption(
        "--stack <stack>",
        "stack whose hosts are meant, such as region-eu; may be repeated",
        (stack: string, before: string[] = []) => [...before, stack],
      )
      .option("--output <folder>", "folder that cdktf synthesized into", output)
      .option("--json", "print one JSON object");
  asking("plan", "show what an apply would change on the hosts; exit codes 0 nothing, 2 changes, 1 error")
    .option("--out <file>", "write the plan, for apply --plan")
    .action(async (hosts: string[], options: Options) => {
      const { plan } = await import("../../converge/plan/plan.ts");
      process.exitCode = await plan({ ...options, output: resolve(options.output), hosts });
    });
  asking(
    "drift",
    "show what differs from what was put on the hosts; exit codes 0 none, 2 drift, 1 error",
  ).action(async (hosts: string[], options: Options) => {
    const { drift } = await import("../../converge/plan/drift.ts");
    process.exitCode = await drift({ ...options, output: resolve(options.output), hosts });
  });
}
