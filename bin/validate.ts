import { resolve } from "node:path";
import { plural } from "../converge/text/quantity.ts";
import { PlatformFaults } from "../platform/load.ts";
import { platformFile, readPlatform } from "./platform-file.ts";

/**
 * Prints every fault of a platform file, or that there is none.
 * @param given as it was typed: npm runs its scripts in the package's folder, and says where it was called
 */
export function validate(given?: string, json = false): void {
  const { npm_lifecycle_event: script, INIT_CWD: here = process.cwd() } = process.env;
  const elsewhere = script === "soundstage" && here !== process.cwd();
  const file = given && elsewhere ? resolve(here, given) : (given ?? platformFile());
  const shown = elsewhere ? resolve(file) : file;
  try {
    const { platform, overrides } = readPlatform(file, { shown });
    const counts = {
      zones: Object.keys(platform.zones).length,
      regions: Object.keys(platform.regions).length,
      hosts: Object.values(platform.regions).flatMap((region) => Object.keys(region.hosts)).length,
    };
    if (json) {
      console.log(
        JSON.stringify(
          { file: shown, platform: platform.platform, ...counts, overrides, faults: [] },
          null,
          2,
        ),
      );
      return;
    }
    for (const { path, value } of overrides)
      console.error(`${path} is overridden for this run: ${JSON.stringify(value)}`);
    console.log(
      `${shown}: platform ${platform.platform}, ${plural(counts.zones, "zone")}, ${plural(counts.regions, "region")}, ${plural(counts.hosts, "host")}: no faults`,
    );
  } catch (error) {
    if (!(error instanceof PlatformFaults)) throw error;
    if (json) console.log(JSON.stringify({ file: shown, faults: error.faults }, null, 2));
    else console.error(error.message);
    process.exitCode = 1;
  }
}
