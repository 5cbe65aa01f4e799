// What makes an output complete besides its stacks: the CLI that applies it, and where it came from.
import { join } from "node:path";
import { writeRecord } from "../converge/record-file.ts";
import { writeCli } from "./builds.ts";
import { origin } from "./origin.ts";

export { artifacts } from "./artifacts.ts";

/**
 * Call it after `app.synth()`: `cdktf deploy` runs the CLI of the output to bring hosts to their bundles.
 * @param outdir `app.outdir`
 * @param folder the folder whose commit the output is of
 */
export async function completeOutput(outdir: string, folder: string): Promise<void> {
  await writeCli(join(outdir, "bin"));
  writeRecord(join(outdir, "origin.json"), `${JSON.stringify(origin(folder), null, 2)}\n`);
}
