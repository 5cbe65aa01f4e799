import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { starterText } from "../../platform/starter.ts";
import { runApp } from "../app.ts";
import { release } from "../release.ts";

test("regions deploy the releases that their rows pin, and none but a locked one", {
  timeout: 90_000,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), "pinned-"));
  const platform = join(folder, "platform.yaml");
  const regions = new Map([
    ["eu", ["203.0.113.7"]],
    ["us", ["198.51.100.4"]],
  ]);
  const text = starterText({ domain: "example.org", regions });
  writeFileSync(platform, text.replace("\n  us:\n", "\n  us:\n    release: 0.0.9\n"));
  const output = join(folder, "cdktf.out");
  expect(runApp(output, platform).stderr).toContain('release "0.0.9" is not to be had');

  const tarball = join(folder, "old.tgz");
  writeFileSync(tarball, release("0.0.9"));
  const soundstage = (...args: string[]) =>
    spawnSync(process.execPath, ["--import", "tsx", "bin/soundstage.ts", "release", ...args, "--json"], {
      encoding: "utf8",
      env: { ...process.env, SOUNDSTAGE_PLATFORM: platform },
    });
  const added = JSON.parse(soundstage("add", "0.0.9", tarball).stdout);
  expect(added).toMatchObject({ version: "0.0.9", source: "old.tgz" });
  expect(JSON.parse(soundstage("list").stdout).releases).toEqual([
    { version: "0.0.9", sha256: added.sha256, source: "old.tgz", here: true },
  ]);
  expect(runApp(output, platform).stderr).toBe("");
  const relayOf = (region: string) => {
    const file = join(output, "stacks", `region-${region}`, "hosts", `${region}-1`, "manifest.json");
    return JSON.parse(readFileSync(file, "utf8")).archives[0].sha256 as string;
  };
  expect(relayOf("us")).toBe(added.sha256);
  expect(relayOf("eu")).not.toBe(added.sha256);
  expect(readFileSync(join(output, "blobs", added.sha256))).toEqual(readFileSync(tarball));

  const lock = join(folder, "releases.lock");
  writeFileSync(lock, readFileSync(lock, "utf8").replace(added.sha256, "0".repeat(64)));
  expect(runApp(output, platform).stderr).toContain("it is not what was locked, and is not used");
});
