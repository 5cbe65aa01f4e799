// One platform file in, its stacks and the bundles of their hosts out.
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { App } from "cdktf";
import { makeFolder } from "../bundle/make-folder.ts";
import { type PackagesLock, readLock } from "../bundle/packages-lock.ts";
import { beginOutput, endOutput } from "../bundle/whole.ts";
import type { Override } from "../platform/overrides.ts";
import { bindingInstalled } from "../stacks/installed.ts";
import { LocalStack } from "../stacks/local.ts";
import { RegionStack } from "../stacks/region.ts";
import { TrafficStack } from "../stacks/traffic.ts";
import { ZonesStack } from "../stacks/zones.ts";
import { artifacts } from "./artifacts.ts";
import { completeOutput } from "./output.ts";
import { platformFile, readPlatform } from "./platform-file.ts";

export interface Synthesis {
  /** The platform file. @default what SOUNDSTAGE_PLATFORM names, else platform.yaml */
  readonly file?: string;
  /** Folder of the output. @default what cdktf says, else cdktf.out */
  readonly outdir?: string;
  /** Told of each value that is set for this run. */
  readonly overridden: (override: Override) => void;
}

export interface Synthesized {
  /** Names of the stacks. */
  readonly stacks: readonly string[];
  /** What constructs say of what they were asked. */
  readonly notes: readonly string[];
}

export async function synthesize({
  file = platformFile(),
  outdir,
  overridden,
}: Synthesis): Promise<Synthesized> {
  const { platform, overrides } = readPlatform(file, { rules: [bindingInstalled] });
  for (const override of overrides) overridden(override);
  if (outdir !== undefined) makeFolder(outdir);
  const app = new App(outdir === undefined ? {} : { outdir });
  const source = seenFrom(app.outdir, file);
  const rows = [platform, ...Object.values(platform.regions)];
  const versions = rows.flatMap(({ release }) => release ?? []);
  const built = await artifacts({ folder: dirname(file), versions });
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
  removeDeparted(app);
  await completeOutput(app.outdir, dirname(file));
  endOutput(app.outdir);
  return { stacks: Object.keys(app.manifest.stacks), notes: notesOf(app) };
}

/** The CLI of cdktf reads them from the output. */
function notesOf(app: App): string[] {
  return app.node
    .findAll()
    .flatMap(({ node }) =>
      node.metadata
        .filter(({ type }) => type.startsWith("@cdktf/"))
        .map(({ type, data }) => `${node.path}: ${type.slice("@cdktf/".length)}: ${data}`),
    );
}

/** As `cdktf synth` does: what is no stack any more must not be taken for one. */
function removeDeparted(app: App): void {
  const folder = join(app.outdir, "stacks");
  for (const name of readdirSync(folder)) {
    if (!(name in app.manifest.stacks)) rmSync(join(folder, name), { recursive: true });
  }
}

/** The versions to install and hold, where the platform has pinned them. */
function packagesLock(file: string): PackagesLock | undefined {
  return existsSync(file) ? readLock(readFileSync(file, "utf8"), file) : undefined;
}

/** A file's path relative to a folder, as the system resolves it: links in either would lead elsewhere. */
function seenFrom(folder: string, file: string): string {
  return join(relative(realpathSync(folder), realpathSync(dirname(file))), basename(file));
}
