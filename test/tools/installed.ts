// The package as others have it: packed, unpacked in a folder outside of the repository, with nothing but what it asks for.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, unknown>>;
}

/** Builds and packs; returns the tarball. */
export function packed(): string {
  const folder = mkdtempSync(join(tmpdir(), "packed-"));
  const args = ["pack", "--silent", "--pack-destination", folder];
  const name = execFileSync("npm", args, { encoding: "utf8" }).trim().split("\n").at(-1) as string;
  return join(folder, name);
}

export const newFolder = (): string => mkdtempSync(join(tmpdir(), "installed-"));

/**
 * What npm does without a registry: dependencies and peers come from this checkout, optional ones where they are named.
 * @param folder what is installed there stays
 */
export function installed(tarball: string, optional: readonly string[], folder = newFolder()): string {
  const modules = join(folder, "node_modules");
  const own = join(modules, "soundstage");
  mkdirSync(join(modules, ".bin"), { recursive: true });
  mkdirSync(own);
  execFileSync("tar", ["-xzf", tarball, "-C", own, "--strip-components=1"]);
  const manifest = JSON.parse(readFileSync(join(own, "package.json"), "utf8")) as Manifest;
  const peers = Object.keys(manifest.peerDependencies).filter(
    (name) => !(name in manifest.peerDependenciesMeta),
  );
  for (const name of [...Object.keys(manifest.dependencies), ...peers, ...optional]) {
    if (existsSync(join(modules, name))) continue;
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(resolve("node_modules", name), join(modules, name));
  }
  const bin = join(modules, ".bin", "soundstage");
  writeFileSync(bin, `#!/bin/sh\nexec node '${join(own, "dist/bin/soundstage.js")}' "$@"\n`, { mode: 0o755 });
  return folder;
}
