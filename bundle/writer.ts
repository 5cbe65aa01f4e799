// Writes the bundles of a stack's hosts beside its Terraform, once, at synthesis.
import { copyFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { addCustomSynthesis } from "cdktf/lib/synthesize/synthesizer.js";
import { TerraformStack } from "cdktf/lib/terraform-stack.js";
import type { Construct } from "constructs";
import { bootstrapScript } from "./bootstrap.ts";
import { type Bundle, manifestText } from "./bundle.ts";
import { writeFolders } from "./folders.ts";
import { makeFolder } from "./make-folder.ts";
import type { Artifact, RegionFile } from "./manifest.ts";
import { commands, plainText } from "./plain.ts";

/** Asked for at synthesis, when every construct has said what it wants. */
export interface Output {
  readonly region: RegionFile;
  readonly bundles: readonly Bundle[];
}

/** Makes `cdktf synth`, `diff`, `deploy` and `Testing.fullSynth` write the bundles all the same way. */
export function writeAtSynthesis(construct: Construct, output: () => Output): void {
  addCustomSynthesis(construct, {
    onSynthesize(session) {
      const stack = session.manifest.forStack(TerraformStack.of(construct));
      write(session.outdir, join(session.outdir, stack.workingDirectory), output());
    },
  });
}

/** What another process reads meanwhile, such as a converge that runs, is whole: as it was, or as it is now. */
function write(outdir: string, folder: string, { region, bundles }: Output): void {
  // A manifest never names a blob that is not there.
  for (const { artifacts } of bundles) {
    for (const artifact of artifacts) store(join(outdir, "blobs"), artifact);
  }
  writeFolders(
    join(folder, "hosts"),
    new Map(bundles.map((bundle) => [bundle.manifest.host, filesOf(bundle)])),
  );
  place(join(folder, "region.json"), (part) => writeFileSync(part, `${JSON.stringify(region, null, 2)}\n`));
}

function filesOf({ manifest, texts }: Bundle): Map<string, string> {
  return new Map([
    ["manifest.json", manifestText(manifest)],
    ["manifest", plainText(manifest)],
    ...[...texts].map(([path, text]) => [join("files", path), text] as const),
    ...[...commands(manifest)].map(([name, text]) => [join("commands", name), text] as const),
    ...(manifest.transport === "ssh" ? [["bootstrap.sh", bootstrapScript()] as const] : []),
  ]);
}

/** A blob is named by its hash, so one that is there whole is the same. */
function store(blobs: string, artifact: Artifact): void {
  const path = join(blobs, artifact.sha256);
  if (statSync(path, { throwIfNoEntry: false })?.size === artifact.size) return;
  place(path, (part) => copyFileSync(artifact.file, part));
}

/** A file appears at its path when it is whole. */
function place(path: string, write: (part: string) => void): void {
  const part = `${path}.${process.pid}.part`;
  makeFolder(dirname(path));
  try {
    write(part);
    renameSync(part, path);
  } finally {
    rmSync(part, { force: true });
  }
}
