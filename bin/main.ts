// The cdktf app: one platform file in, its stacks and the bundles of their hosts out.
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { App } from "cdktf";
import { type PackagesLock, readLock } from "../bundle/packages-lock.ts";
import { beginOutput, endOutput } from "../bundle/whole.ts";
import { InvalidProps } from "../constructs/invalid-props.ts";
import { writeRecord } from "../converge/record-file.ts";
import { PlatformFaults } from "../platform/load.ts";
import { LocalStack } from "../stacks/local.ts";
import { RegionStack } from "../stacks/region.ts";
import { TrafficStack } from "../stacks/traffic.ts";
import { ZonesStack } from "../stacks/zones.ts";
import { artifacts } from "./artifacts.ts";
import { bundleCli } from "./bundle-cli.ts";
import { origin } from "./origin.ts";
import { platformFile, readPlatform } from "./platform-file.ts";

async function main(): Promise<void> {
  const file = platformFile();
  const { platform, overrides } = readPlatform(file);
  for (const { path, value } of overrides) {
    console.error(`soundstage: ${path} is overridden for this run: ${JSON.stringify(value)}`);
  }
  const app = new App();
  const source = seenFrom(app.outdir, file);
  const built = await artifacts();
  const lock = packagesLock(join(dirname(file), "packages.lock"));
  if (Object.keys(platform.zones).length > 0) new ZonesStack(app, "zones", { platform, source });
  for (const region of Object.keys(platform.regions)) {
    new RegionStack(app, `region-${region}`, {
      platform,
      source,
      region,
      artifacts: built,
      ...(lock && { lock }),
    });
  }
  if (Object.values(platform.zones).some((zone) => Object.keys(zone.answers).length > 0)) {
    new TrafficStack(app, "traffic", { platform, source });
  }
  new LocalStack(app, "local", { platform, source, artifacts: built });
  beginOutput(app.outdir);
  app.synth();
  await bundleCli(join(app.outdir, "bin", "soundstage.mjs"));
  writeRecord(join(app.outdir, "origin.json"), `${JSON.stringify(origin(dirname(file)), null, 2)}\n`);
  endOutput(app.outdir);
}

/** The versions to install and hold, where the platform has pinned them. */
function packagesLock(file: string): PackagesLock | undefined {
  return existsSync(file) ? readLock(readFileSync(file, "utf8"), file) : undefined;
}

/** A file's path relative to a folder, as the system resolves it: links in either would lead elsewhere. */
function seenFrom(folder: string, file: string): string {
  return join(relative(realpathSync(folder), realpathSync(dirname(file))), basename(file));
}

main().catch((error: unknown) => {
  const known = error instanceof PlatformFaults || error instanceof InvalidProps;
  if (known) console.error(error.message);
  else console.error(`soundstage: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
