// A repository of small Debian packages on a lab host's own disk: versions come and go as a test wants.
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { LabHost } from "./host.ts";
import { must } from "./run.ts";

const FOLDER = "/srv/repository";

/** Its only source of packages from now on; a version's post-installation writes down how it was called. */
export async function offer(host: LabHost, name: string, versions: readonly string[]): Promise<void> {
  const folder = join(host.root, FOLDER);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const entries = [];
  for (const version of versions) {
    const control = `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: Lab <lab@example.org>\nDescription: lab\n`;
    const file = `${name}_${version}_all.deb`;
    await build(join(folder, file), control);
    const content = readFileSync(join(folder, file));
    entries.push(
      `${control}Filename: ./${file}\nSize: ${content.length}\nSHA256: ${createHash("sha256").update(content).digest("hex")}\n`,
    );
  }
  writeFileSync(join(folder, "Packages"), entries.join("\n"));
  await host.must(
    `rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*; echo 'deb [trusted=yes] file:${FOLDER} ./' > /etc/apt/sources.list`,
  );
}

/** @param contents path in the package → its content */
export async function build(
  file: string,
  control: string,
  contents: Readonly<Record<string, string | Buffer>> = {},
  postinst = 'echo "$NEEDRESTART_MODE" >> /root/calls',
): Promise<void> {
  const tree = mkdtempSync(join(tmpdir(), "package-"));
  chmodSync(tree, 0o755);
  mkdirSync(join(tree, "DEBIAN"));
  writeFileSync(join(tree, "DEBIAN", "control"), control);
  writeFileSync(join(tree, "DEBIAN", "postinst"), `#!/bin/sh\n${postinst}\n`, { mode: 0o755 });
  for (const [path, content] of Object.entries(contents)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), content, { mode: 0o755 });
  }
  await must("dpkg-deb", ["--root-owner-group", "--build", tree, file]);
  rmSync(tree, { recursive: true });
}
