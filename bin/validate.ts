import { readFileSync } from "node:fs";
import { loadPlatform } from "../platform/load.ts";

/** Prints every fault of a platform file, or that there is none. */
export function validate(file = process.env.SOUNDSTAGE_PLATFORM ?? "platform.yaml"): void {
  const set = process.env.SOUNDSTAGE_SET;
  const { platform, overrides } = loadPlatform(readFileSync(file, "utf8"), { file, ...(set && { set }) });
  for (const { path, value } of overrides)
    console.error(`${path} is overridden for this run: ${JSON.stringify(value)}`);
  const hosts = Object.values(platform.regions).flatMap((region) => Object.keys(region.hosts));
  console.log(
    `${file}: platform ${platform.platform}, ${Object.keys(platform.zones).length} zones, ${Object.keys(platform.regions).length} regions, ${hosts.length} hosts: no faults`,
  );
}
