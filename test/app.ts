import { type SpawnSyncReturns, spawnSync } from "node:child_process";

/** Runs the cdktf app, as `cdktf synth` does; without a platform file on that of the root. */
export function runApp(output: string, platform?: string): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, ["--import", "tsx", "bin/main.ts"], {
    encoding: "utf8",
    env: { ...process.env, CDKTF_OUTDIR: output, ...(platform && { SOUNDSTAGE_PLATFORM: platform }) },
  });
}
