// Writes the bundles of a stack's hosts beside its Terraform, once, at synthesis.
import { copyFileSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { addCustomSynthesis } from "cdktf/lib/synthesize/synthesizer.js";
import { TerraformStack } from "cdktf/lib/terraform-stack.js";
import type { Construct } from "constructs";
import { bootstrapScript } from "./bootstrap.ts";
import { type Bundle, manifestText } from "./bundle.ts";
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

function write(outdir: string, folder: string, { region, bundles }: Output): void {
  const hosts = join(folder, "hosts");
  // cdktf leaves the files of the last synthesis where they are: a host that is gone must not stay.
  rmSync(hosts, { recursive: true, force: true });
  put(join(folder, "region.json"), `${JSON.stringify(region, null, 2)}\n`);
  for (const bundle of bundles) {
    const root = join(hosts, bundle.manifest.host);
    put(join(root, "manifest.json"), manifestText(bundle.manifest));
    put(join(root, "manifest"), plainText(bundle.manifest));
    for (const [path, text] of bundle.texts) put(join(root, "files", path), text);
    for (const [name, text] of commands(bundle.manifest)) put(join(root, "commands", name), text);
    if (bundle.manifest.transport === "ssh") put(join(root, "bootstrap.sh"), bootstrapScript());
    for (const artifact of bundle.artifacts) store(join(outdir, "blobs"), artifact);
  }
}

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** A blob is named by its hash, so one that is there whole is the same. */
function store(blobs: string, artifact: Artifact): void {
  const path = join(blobs, artifact.sha256);
  if (statSync(path, { throwIfNoEntry: false })?.size === artifact.size) return;
  mkdirSync(blobs, { recursive: true });
  copyFileSync(artifact.file, `${path}.part`);
  renameSync(`${path}.part`, path);
}
