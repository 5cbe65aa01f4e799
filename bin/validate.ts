import { resolve } from "node:path";
import { PlatformFaults } from "../platform/load.ts";
import { platformFile, readPlatform } from "./platform-file.ts";

/**
 * Prints every fault of a platform file, or that there is none.
 * @param given as it was typed: npm runs its scripts in the package's folder, and says where it was called
 */
export function validate(given?: string): void {
  const { npm_lifecycle_event: script, INIT_CWD: here = process.cwd() } = process.env;
  const elsewhere = script === "soundstage" && here !== process.cwd();
  const file = given && elsewhere ? resolve(here, given) : (given ?? platformFile());
  const shown = elsewhere ? resolve(file) : file;
  try {
    const { platform, overrides } = readPlatform(file, shown);
    for (const { path, value } of overrides)
      console.error(`${path} is overridden for this run: ${JSON.stringify(value)}`);
    const hosts = Object.values(platform.regions).flatMap((region) => Object.keys(region.hosts));
    console.log(
      `${shown}: platform ${platform.platform}, ${Object.keys(platform.zones).length} zones, ${Object.keys(platform.regions).length} regions, ${hosts.length} hosts: no faults`,
    );
  } catch (error) {
    if (!(error instanceof PlatformFaults)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
