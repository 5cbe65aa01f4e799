// The CLI as one file, so that an output is complete and can be applied from another machine.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

// ssh2 is CommonJS and looks for its optional native parts at run time.
const BANNER =
  'import{createRequire}from"node:module";const require=createRequire(import.meta.url),__dirname=import.meta.dirname;';

export async function bundleCli(outfile: string): Promise<void> {
  mkdirSync(dirname(outfile), { recursive: true });
  const root = fileURLToPath(new URL("..", import.meta.url));
  await build({
    absWorkingDir: root,
    entryPoints: ["bin/soundstage.ts"],
    outfile,
    bundle: true,
    minify: true,
    platform: "node",
    target: "node20",
    format: "esm",
    external: ["cpu-features", "*.node"],
    banner: { js: BANNER },
    logLevel: "error",
  });
}
