import { dirname } from "node:path";
import type { Command } from "commander";
import { jsonOption } from "./options.ts";

export function register(program: Command): void {
  const release = program.command("release").description("releases of the relay that regions may name");
  release
    .command("add <version>")
    .argument("[source]", "a file, or an https address (default: this package's own release)")
    .description("lock a release by its hash: writes releases.lock beside the platform file")
    .addOption(jsonOption())
    .action(async (version: string, source: string | undefined, { json }: { json?: boolean }) => {
      const { ownRelease } = await import("../app.ts");
      const { platformFile } = await import("../platform-file.ts");
      const { Releases } = await import("../../converge/releases/releases.ts");
      const releases = new Releases(dirname(platformFile()));
      const added = await releases.add(version, source ?? "package", ownRelease);
      if (json) console.log(JSON.stringify({ file: releases.file, version, ...added }, null, 2));
      else console.log(`${releases.file}: ${version} ${added.sha256} from ${added.source}`);
    });
  release
    .command("list")
    .description("the releases that releases.lock names")
    .addOption(jsonOption())
    .action(async ({ json }: { json?: boolean }) => {
      const { platformFile } = await import("../platform-file.ts");
      const { Releases } = await import("../../converge/releases/releases.ts");
      const { tableText } = await import("../../converge/text/table.ts");
      const releases = new Releases(dirname(platformFile()));
      const rows = Object.entries(releases.lock()).map(([version, row]) => {
        return { version, ...row, here: releases.isHere(row) };
      });
      if (json) console.log(JSON.stringify({ file: releases.file, releases: rows }, null, 2));
      else if (rows.length === 0) console.log(`${releases.file} names none`);
      else
        process.stdout.write(
          tableText(
            ["version", "sha256", "source", "here"].map((title) => ({ title })),
            rows.map(({ version, sha256, source, here }) =>
              [version, sha256.slice(0, 12), source, here ? "yes" : "no"].map((text) => ({ text })),
            ),
          ),
        );
    });
}
