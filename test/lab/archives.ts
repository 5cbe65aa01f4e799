// Debian's two archives on a lab host's own disk: what is stable, and what is a security update. apt tells them apart as it does the real ones.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../bundle/hash.ts";
import type { LabHost } from "./host.ts";
import { build } from "./repository.ts";

const FOLDER = "/srv/archives";
const LABELS = { stable: "Debian", security: "Debian-Security" } as const;

export interface Package {
  readonly name: string;
  readonly version: string;
  readonly depends?: string;
  /** Path in the package → its content. */
  readonly contents?: Readonly<Record<string, string | Buffer>>;
  readonly postinst?: string;
}

export type Archives = Readonly<Record<keyof typeof LABELS, readonly Package[]>>;

/** Its only sources of packages from now on. */
export async function offerArchives(host: LabHost, archives: Archives): Promise<void> {
  for (const [suite, packages] of Object.entries(archives)) {
    const folder = join(host.root, FOLDER, suite);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const entries = [];
    for (const { name, version, depends, contents, postinst = ":" } of packages) {
      const control = `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: Lab <lab@example.org>\n${depends ? `Depends: ${depends}\n` : ""}Description: lab\n`;
      const file = join(folder, `${name}_${version}.deb`);
      await build(file, control, contents, postinst);
      const content = readFileSync(file);
      entries.push(
        `${control}Filename: ./${name}_${version}.deb\nSize: ${content.length}\nSHA256: ${sha256(content)}\n`,
      );
    }
    const list = entries.join("\n");
    writeFileSync(join(folder, "Packages"), list);
    writeFileSync(
      join(folder, "Release"),
      `Origin: Debian\nLabel: ${LABELS[suite as keyof typeof LABELS]}\nSuite: ${suite}\nDate: ${new Date().toUTCString()}\nSHA256:\n ${sha256(list)} ${Buffer.byteLength(list)} Packages\n`,
    );
  }
  const sources = Object.keys(archives).map((suite) => `deb [trusted=yes] file:${FOLDER}/${suite} ./`);
  await host.must(
    `rm -f /etc/apt/sources.list.d/*; printf '%s\\n' ${sources.map((line) => `'${line}'`).join(" ")} > /etc/apt/sources.list`,
  );
}
