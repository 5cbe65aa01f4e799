// The folder that references of a platform file are relative to, wherever the process runs.
import { realpathSync } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
import { readRegion } from "../../bundle/reader.ts";

/**
 * The output knows where its platform file lies, as seen from itself. An absolute `SOUNDSTAGE_PLATFORM` says
 * otherwise, for an output that was carried elsewhere; a relative one is the synthesizing process's own:
 * Terraform runs this one in the stack's folder.
 */
export function platformFolder(output: string, stack: string): string {
  const named = process.env.SOUNDSTAGE_PLATFORM;
  if (named && isAbsolute(named)) return dirname(named);
  return dirname(resolve(realpathSync(output), readRegion(output, stack).platform));
}
