import { join } from "node:path";
import type { Command } from "commander";

export function register(program: Command): void {
  program
    .command("ca")
    .description("the private certificate authority of the clusters")
    .command("init <folder>")
    .description("make ca.key and ca.crt in a folder")
    .action(async (folder: string) => {
      await (await import("../../converge/secrets/authority.ts")).createAuthority(folder);
      console.log(
        `${join(folder, "ca.crt")} and ${join(folder, "ca.key")} are made; keep the key to yourself`,
      );
    });
}
