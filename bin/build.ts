// Makes the package's `dist/`: compiled with types, the static templates, and what a checkout would build at synthesis.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildRelease } from "../relay/build.ts";
import { CLI, RELEASE_FILE } from "./builds.ts";
import { bundleCli } from "./bundle-cli.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const prebuilt = join(dist, "prebuilt");
/** Need esbuild, and are never called where their products are. */
const BUILDERS = ["bin/bundle-cli", "relay/build"];

rmSync(dist, { recursive: true, force: true });
const compiled = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
if (compiled.status !== 0) process.exit(1);
for (const builder of BUILDERS) {
  for (const suffix of [".js", ".d.ts"]) rmSync(join(dist, `${builder}${suffix}`));
}

cpSync(join(root, "templates"), join(dist, "templates"), {
  recursive: true,
  filter: (name) => !name.endsWith(".ts"),
});

const { path, ...release } = await buildRelease();
mkdirSync(prebuilt, { recursive: true });
cpSync(path, join(prebuilt, basename(path)));
writeFileSync(
  join(prebuilt, RELEASE_FILE),
  `${JSON.stringify({ path: basename(path), ...release }, null, 2)}\n`,
);
await bundleCli(join(prebuilt, "bin", CLI));
