#!/usr/bin/env node
import { basename, join, resolve } from "node:path";
import { Command } from "commander";
import manifest from "../package.json" with { type: "json" };
import { register as registerPlan } from "./commands/plan.ts";
import type { TrustOptions } from "./trust.ts";

const program = new Command("soundstage")
  .description("Brings the hosts of a platform to their bundles.")
  .version(manifest.version)
  .addHelpText(
    "after",
    `
Environment:
  SOUNDSTAGE_PLATFORM  the platform file (default: platform.yaml)
  SOUNDSTAGE_SET       parameters of regions for this run: regions.eu.release=1.5.0,regions.us.live=false`,
  );
/** The CLI lies in the output that it applies; from a checkout it is the app's own. */
const output = () =>
  basename(import.meta.filename) === "soundstage.mjs" ? resolve(import.meta.dirname, "..") : "cdktf.out";
const several = (value: string, before: string[] = []) => [...before, value];

program
  .command("converge <stack>", { hidden: true })
  .description("what Terraform runs: applies exactly what was planned")
  .action(async (stack: string) => {
    const { converge } = await import("../converge/converge.ts");
    const triggers = process.env.SOUNDSTAGE_TRIGGERS;
    process.exitCode = await converge({ output: output(), stack, ...(triggers && { triggers }) });
  });

program
  .command("apply [hosts...]")
  .description("bring the hosts of synthesized stacks to their bundles, without Terraform")
  .requiredOption(
    "--stack <stack>",
    "stack whose hosts are meant, such as region-eu; may be repeated",
    several,
  )
  .option("--output <folder>", "folder that cdktf synthesized into", output())
  .option("--waves <sizes>", "sizes of the waves of hosts without an order, such as 1,25%,100%")
  .option("--max-fail <share>", "how many hosts may fail before no other is begun: 2, or 10%")
  .option("--only-failed", "only hosts that were not at their bundle when the last run ended")
  .option("--skip-unreachable", "go on without hosts that can not be reached, and fail at the end")
  .option("--lock-wait <time>", "how long to wait for another run that holds a host", "60s")
  .option("--allow-older", "let hosts go back to an output that does not contain the commit they have")
  .option("--json", "say what happens as a JSON object a line")
  .option(
    "--plan <file>",
    "apply what soundstage plan --out wrote, and only to hosts that are as they were then",
  )
  .action(async (hosts: string[], options: { stack: string[]; output: string }) => {
    const { converge } = await import("../converge/converge.ts");
    process.exitCode = await converge({ ...options, output: resolve(options.output), hosts });
  });

registerPlan(program, output);

program
  .command("down <stack>")
  .description("stop the processes of a stack that runs in a folder of this machine")
  .option("--output <folder>", "folder that cdktf synthesized into", output())
  .action(async (stack: string, options: { output: string }) => {
    const { down } = await import("../converge/converge.ts");
    await down(resolve(options.output), stack);
  });

program
  .command("supervise <folder>", { hidden: true })
  .action(async (folder: string) => (await import("../converge/supervise.ts")).supervise(folder));

program
  .command("deploy [stacks...]")
  .description("deploy zones, then the regions one by one, then traffic; or the stacks named, in that order")
  .option("--output <folder>", "folder to synthesize into", "cdktf.out")
  .action(async (stacks: string[], options: { output: string }) => {
    const { deploy } = await import("../converge/deploy.ts");
    process.exitCode = await deploy(stacks, options.output);
  });

program
  .command("validate")
  .argument("[file]", "platform file (default: what SOUNDSTAGE_PLATFORM names, else platform.yaml)")
  .description("check a platform file, with what SOUNDSTAGE_SET sets for this run")
  .action(async (file?: string) => (await import("./validate.ts")).validate(file));

program
  .command("trust <host>")
  .description("show the keys of a host and pin one in the platform file")
  .option("--region <region>", "region of the host")
  .option("--stack <stack>", "stack of the host, such as region-eu")
  .option("--fingerprint <SHA256:…>", "the host's key, as you have it from elsewhere")
  .option("--yes", "write the key of --fingerprint without asking")
  .option("--replace", "put the key in the place of another pin")
  .option("--json", "for machines")
  .action(async (host: string, options: TrustOptions) => {
    process.exitCode = await (await import("./trust.ts")).trust(host, options);
  });

program
  .command("packages")
  .description("the versions of Debian packages")
  .command("lock [hosts...]")
  .description("pin the versions that hosts have: writes packages.lock beside the platform file")
  .option("--stack <stack>", "stack whose hosts are meant; all when absent")
  .option("--output <folder>", "folder that cdktf synthesized into", output())
  .action(async (hosts: string[], options: { stack?: string; output: string }) => {
    const { lockPackages } = await import("../converge/packages.ts");
    await lockPackages({ ...options, output: resolve(options.output), hosts });
  });

program
  .command("cloud-init <host>")
  .description("print the user data with which a new machine brings itself to its bundle")
  .requiredOption("--stack <stack>", "stack that the host belongs to")
  .requiredOption("--out <file>", "where to write its bundle, a .tar.gz for you to put at the URL")
  .requiredOption("--url <url>", "https address at which the host will find that file")
  .option("--output <folder>", "folder that cdktf synthesized into", output())
  .action(async (host: string, options: { stack: string; out: string; url: string; output: string }) => {
    const { cloudInit } = await import("../converge/cloud-init.ts");
    process.stdout.write(await cloudInit({ ...options, output: resolve(options.output), host }));
    console.error(`${options.out} is written: put it at ${options.url}`);
  });

const authority = program.command("ca").description("the private certificate authority of the clusters");
authority
  .command("init <folder>")
  .description("make ca.key and ca.crt in a folder")
  .action(async (folder: string) => {
    await (await import("../converge/authority.ts")).createAuthority(folder);
    console.log(`${join(folder, "ca.crt")} and ${join(folder, "ca.key")} are made; keep the key to yourself`);
  });

program.parseAsync().catch((error: Error) => {
  console.error(`soundstage: ${error.message}`);
  // cdktf loses what is still in its child's terminal when the child ends: give it time to read.
  setTimeout(() => process.exit(1), 100);
});
