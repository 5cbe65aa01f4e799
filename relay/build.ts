// One release of the relay: server and pages in one tarball, the same bytes wherever it is built.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";

export interface Release {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
  readonly version: string;
}

const root = import.meta.dirname;

/** Builds `dist/soundstage-relay-<version>.tgz`. */
export async function buildRelease(): Promise<Release> {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const [server, client] = await Promise.all([buildServer(), buildClient()]);
  const files = new Map<string, Buffer>([
    ["server.mjs", server.code],
    [
      "package.json",
      Buffer.from(`${JSON.stringify({ name: "soundstage-relay", version, type: "module" }, null, 2)}\n`),
    ],
    ["THIRD-PARTY-NOTICES", Buffer.from(notices([server.meta, client.meta]))],
    ...[...client.files].map(([name, content]) => [`public/${name}`, content] as const),
  ]);
  const archive = gzipSync(tar(files), { level: 9 });
  // zlib writes the operating system into byte 9 (RFC 1952): the same everywhere.
  archive[9] = 255;
  const path = join(root, "dist", `soundstage-relay-${version}.tgz`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, archive);
  renameSync(`${path}.${process.pid}`, path);
  return { path, sha256: createHash("sha256").update(archive).digest("hex"), size: archive.length, version };
}

// Symbolic links are not followed: what is built must not depend on where packages really lie.
const COMMON = {
  preserveSymlinks: true,
  absWorkingDir: root,
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  legalComments: "none",
  logLevel: "error",
} as const;

async function buildServer(): Promise<{ code: Buffer; meta: Metafile }> {
  const { outputFiles, metafile } = await build({
    ...COMMON,
    entryPoints: ["server/main.ts"],
    outfile: "server.mjs",
    platform: "node",
    target: "node20",
    format: "esm",
    // Native helpers that ws looks for and does without.
    external: ["bufferutil", "utf-8-validate"],
    // Some dependencies are CommonJS and ask for Node's own modules at run time.
    banner: {
      js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url),__dirname=import.meta.dirname,__filename=import.meta.filename;',
    },
  });
  return { code: Buffer.from((outputFiles[0] as { contents: Uint8Array }).contents), meta: metafile };
}

/** Pages and their assets; the assets are named by their content, so that browsers may keep them. */
async function buildClient(): Promise<{ files: Map<string, Buffer>; meta: Metafile }> {
  const { outputFiles, metafile } = await build({
    ...COMMON,
    entryPoints: [
      "client/player.ts",
      "client/studio.ts",
      "client/ring.worklet.ts",
      "client/capture.worklet.ts",
      "pages/page.css",
    ],
    outdir: "out",
    entryNames: "assets/[name]-[hash]",
    chunkNames: "assets/[name]-[hash]",
    splitting: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
  });
  const files = new Map(
    outputFiles.map(
      ({ path, contents }) => [`assets/${basename(path)}`, Buffer.from(contents)] as [string, Buffer],
    ),
  );
  const assets = new Map(
    [...files.keys()].map((name) => [basename(name).replace(/-[A-Z0-9]{8}(?=\.\w+$)/, ""), `/${name}`]),
  );
  for (const name of readdirSync(join(root, "pages")).sort()) {
    const text = readFileSync(join(root, "pages", name), "utf8");
    if (name.endsWith(".html"))
      files.set(
        name,
        Buffer.from(
          text.replace(/\{\{([\w.]+)\}\}/g, (_, asset: string) => assets.get(asset) ?? missing(asset)),
        ),
      );
    if (name.endsWith(".svg")) files.set(name, Buffer.from(text));
  }
  return { files, meta: metafile };
}

function missing(asset: string): never {
  throw new Error(`no page asset is called ${asset}`);
}

/** The licences of all that is bundled. */
function notices(metas: readonly Metafile[]): string {
  const packages = new Map<string, string>();
  for (const input of metas.flatMap((meta) => Object.keys(meta.inputs))) {
    const found = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(input);
    if (found) packages.set(found[2] as string, join(root, found[1] as string));
  }
  return [...packages]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, folder]) => {
      const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
        version: string;
        license?: string;
      };
      const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
      const text = file
        ? readFileSync(join(folder, file), "utf8").trim()
        : `Licence: ${license ?? "see the package"}`;
      return `${name} ${version}\n${"-".repeat(72)}\n${text}\n`;
    })
    .join("\n");
}

/** ustar (POSIX.1-1988) with one owner, one time and one order. */
function tar(files: ReadonlyMap<string, Buffer>): Buffer {
  const blocks: Buffer[] = [];
  for (const [name, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write("0000644\0", 100);
    header.write("0000000\0", 108);
    header.write("0000000\0", 116);
    header.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write("00000000000\0", 136);
    header.write("        ", 148);
    header.write("0", 156);
    header.write("ustar\x0000", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    blocks.push(header, content, Buffer.alloc((512 - (content.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
