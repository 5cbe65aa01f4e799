// The CLI with all that it imports, so that an output is complete and can be applied from another machine.
import { dirname, parse, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { placeCli } from "./place-cli.ts";

// ssh2 is CommonJS and looks for its optional native parts at run time.
const BANNER =
  'import{createRequire}from"node:module";const require=createRequire(import.meta.url),__dirname=import.meta.dirname;';

/**
 * The CLI beside its parts, which are named by their content: a command loads what it needs and no more.
 * Those of an earlier build stay for a process that still runs from them, and none is ever half written.
 */
export async function bundleCli(outfile: string): Promise<void> {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const { name, ext } = parse(outfile);
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [{ in: "bin/soundstage.ts", out: name }],
    outdir: dirname(resolve(outfile)),
    outExtension: { ".js": ext },
    chunkNames: `${name}/[name]-[hash]`,
    bundle: true,
    splitting: true,
    minify: true,
    platform: "node",
    target: "node20",
    format: "esm",
    external: ["cpu-features", "*.node"],
    banner: { js: BANNER },
    logLevel: "error",
    write: false,
  });
  placeCli(resolve(outfile), new Map(outputFiles.map(({ path, contents }) => [path, contents])));
}
