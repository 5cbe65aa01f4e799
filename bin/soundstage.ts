#!/usr/bin/env node
import { basename, join, resolve } from "node:path";
import { Command } from "commander";
import type { TrustOptions } from "./trust.ts";

const program = new Command("soundstage").description("Brings the hosts of a platform to their bundles.");
/** The CLI lies in the output that it applies; from a checkout it is the app's own. */
const output = () =>
  basename(import.meta.filename) === "soundstage.mjs" ? resolve(import.meta.dirname, "..") : "cdktf.out";

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
  .description("bring the hosts of a synthesized stack to their bundles, without Terraform")
  .requiredOption("--stack <stack>", "stack whose hosts are meant, such as region-eu")
  .option("--output <folder>", "folder that cdktf synthesized into", output())
  .action(async (hosts: string[], options: { stack: string; output: string }) => {
    const { converge } = await import("../converge/converge.ts");
    process.exitCode = await converge({ output: resolve(options.output), stack: options.stack, hosts });
  });

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
  .command("validate [file]")
  .description("check a platform file")
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
