import { dirname, join, relative, resolve } from "node:path";
import type { Command } from "commander";
import { stringify } from "yaml";
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
      if (json) return console.log(JSON.stringify({ certificate, key }, null, 2));
      const platform = (await import("../platform-file.ts")).platformFile();
      // The folder is of where the command runs; what the platform file names is relative to itself.
      const named = (file: string) => ({ file: relative(dirname(resolve(platform)), resolve(file)) });
      const rows = stringify({ authority: { certificate: named(certificate), key: named(key) } });
      console.log(`${certificate} and ${key} are made; keep the key to yourself`);
      console.log(`\n${platform} names them so:\n\n${rows.trimEnd()}`);
    });
}
