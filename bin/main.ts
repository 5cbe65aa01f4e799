// The cdktf app: one platform file in, its stacks and the bundles of their hosts out.
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { App } from "cdktf";
import { InvalidProps } from "../constructs/invalid-props.ts";
import { loadPlatform, PlatformFaults } from "../platform/load.ts";
import { LocalStack } from "../stacks/local.ts";
import { RegionStack } from "../stacks/region.ts";
import { TrafficStack } from "../stacks/traffic.ts";
import { ZonesStack } from "../stacks/zones.ts";
import { artifacts } from "./artifacts.ts";
import { bundleCli } from "./bundle-cli.ts";
import { origin } from "./origin.ts";

async function main(): Promise<void> {
  const file = process.env.SOUNDSTAGE_PLATFORM ?? "platform.yaml";
  const set = process.env.SOUNDSTAGE_SET;
  const { platform, overrides } = loadPlatform(readFileSync(file, "utf8"), { file, ...(set && { set }) });
  for (const { path, value } of overrides) {
    console.error(`soundstage: ${path} is overridden for this run: ${JSON.stringify(value)}`);
  }
  const app = new App();
  const source = seenFrom(app.outdir, file);
  const built = await artifacts(platform);
  if (Object.keys(platform.zones).length > 0) new ZonesStack(app, "zones", { platform, source });
  for (const region of Object.keys(platform.regions)) {
    new RegionStack(app, `region-${region}`, { platform, source, region, artifacts: built });
  }
  if (Object.values(platform.zones).some((zone) => Object.keys(zone.answers).length > 0)) {
    new TrafficStack(app, "traffic", { platform, source });
  }
  new LocalStack(app, "local", { platform, source, artifacts: built });
  app.synth();
  mkdirSync(join(app.outdir, "bin"), { recursive: true });
  await bundleCli(join(app.outdir, "bin", "soundstage.mjs"));
  writeFileSync(join(app.outdir, "origin.json"), `${JSON.stringify(origin(dirname(file)), null, 2)}\n`);
}

/** A file's path relative to a folder, as the system resolves it: links in either would lead elsewhere. */
function seenFrom(folder: string, file: string): string {
  return join(relative(realpathSync(folder), realpathSync(dirname(file))), basename(file));
}

main().catch((error: unknown) => {
  const known = error instanceof PlatformFaults || error instanceof InvalidProps;
  const code = (error as NodeJS.ErrnoException)?.code;
  if (known) console.error(error.message);
  else if (code === "ENOENT" || code === "EACCES" || code === "EISDIR") {
    console.error(`soundstage: ${(error as Error).message}; SOUNDSTAGE_PLATFORM names the platform file`);
  } else console.error(`soundstage: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
