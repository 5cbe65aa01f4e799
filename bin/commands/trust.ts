import type { Command } from "commander";
import type { TrustOptions } from "../trust.ts";
import { exitCodes, jsonOption } from "./options.ts";

export function register(program: Command): void {
  program
    .command("trust <host>")
    .description("show the keys of a host and pin one in the platform file")
    .option("--region <region>", "region of the host")
    .option("--stack <stack>", "stack of the host, such as region-eu")
    .option("--fingerprint <SHA256:…>", "the host's key, as you have it from elsewhere")
    .option("--yes", "write the key of --fingerprint without asking")
    .option("--replace", "put the key in the place of another pin")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      exitCodes({
        0: "a key of the host is pinned",
        1: "refused",
        2: "its keys were shown, and nothing was written",
      }),
    )
    .action(async (host: string, options: TrustOptions) => {
      process.exitCode = await (await import("../trust.ts")).trust(host, options);
    });
}
