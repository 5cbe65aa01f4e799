import { join } from "node:path";
import type { Command } from "commander";
import { jsonOption } from "./options.ts";

export function register(program: Command): void {
  program
    .command("ca")
    .description("the private certificate authority of the clusters")
    .command("init <folder>")
    .description("make ca.key and ca.crt in a folder")
    .addOption(jsonOption())
    .action(async (folder: string, { json }: { json?: boolean }) => {
      await (await import("../../converge/secrets/authority.ts")).createAuthority(folder);
      const [certificate, key] = [join(folder, "ca.crt"), join(folder, "ca.key")];
      if (json) console.log(JSON.stringify({ certificate, key }, null, 2));
      else console.log(`${certificate} and ${key} are made; keep the key to yourself`);
    });
}
