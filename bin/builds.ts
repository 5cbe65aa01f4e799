// What an output holds of our own: the relay's release and the CLI. A checkout builds them; the package brings them built.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Release } from "../relay/build.ts";
import { placeCli } from "./place-cli.ts";

/** In the package alone; `npm run build` makes it. */
const PREBUILT = fileURLToPath(new URL("../prebuilt", import.meta.url));
export const RELEASE_FILE = "release.json";
export const CLI = "soundstage.mjs";

export async function relayRelease(): Promise<Release> {
  if (!existsSync(PREBUILT)) return (await import("../relay/build.ts")).buildRelease();
  const release = JSON.parse(readFileSync(join(PREBUILT, RELEASE_FILE), "utf8")) as Release;
  return { ...release, path: join(PREBUILT, release.path) };
}

/** Writes the CLI and its parts into a folder, as `soundstage.mjs` and what lies beside it. */
export async function writeCli(folder: string): Promise<void> {
  if (!existsSync(PREBUILT)) return (await import("./bundle-cli.ts")).bundleCli(join(folder, CLI));
  const from = join(PREBUILT, "bin");
  const files = readdirSync(from, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  placeCli(
    join(folder, CLI),
    new Map(files.map((file) => [join(folder, relative(from, file)), readFileSync(file)])),
  );
}
