import { type Command, Option } from "commander";
import { exitCodes, JSON_LINES, jsonOption } from "./options.ts";

interface Options {
  readonly output: string;
  readonly skipSynth?: boolean;
  readonly dryRun?: boolean;
  readonly planOnly?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly allowLoss: string[];
  readonly allowDelete: string[];
}

const collected = (value: string, before: string[]) => [...before, value];

export function register(program: Command, output: string): void {
  program
    .command("deploy [stacks...]")
    .description(
      "deploy zones, then the regions one by one, then traffic, or the stacks named, in that order: each shows one saved plan, is judged, asks, and applies exactly that plan",
    )
    .option("--yes", "do not ask")
    .option("--dry-run", "show all, and apply nothing")
    .addOption(new Option("--plan-only", "the same as --dry-run").hideHelp())
    .option("--skip-synth", "take the output as it is")
    .option("--allow-loss <host>", "a host may go that was not retired; may be repeated", collected, [])
    .option(
      "--allow-delete <address>",
      "a zone or signing key may be deleted or replaced; may be repeated",
      collected,
      [],
    )
    .option("--output <folder>", "folder to synthesize into", output)
    .addOption(jsonOption(JSON_LINES))
    .addHelpText(
      "after",
      exitCodes({
        0: "every stack is deployed, or had nothing to change",
        1: "something was refused, declined, or failed",
        2: "--dry-run: something would change",
        129: "ended by SIGHUP before all stacks were done",
        130: "the same by SIGINT",
        143: "the same by SIGTERM",
      }),
    )
    .action(async (stacks: string[], options: Options) => {
      const { deploy } = await import("../../converge/deploy/deploy.ts");
      const { nearest } = await import("../../platform/suggest.ts");
      const { askedYes, isAttended } = await import("../ask.ts");
      const { synthesis } = await import("../app.ts");
      const synthesize = synthesis();
      const asks = !options.json && isAttended();
      const confirmed = options.yes
        ? async () => true
        : asks
          ? (question: string, signal: AbortSignal) => askedYes(question, { signal })
          : undefined;
      process.exitCode = await deploy({
        ...options,
        stacks,
        nearest,
        dryRun: Boolean(options.dryRun || options.planOnly),
        ...(synthesize && { synthesize }),
        ...(confirmed && { confirmed }),
      });
    });
}
