import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const PLATFORM = resolve("platform.yaml");

function soundstage(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const command = ["--import", "tsx", "bin/soundstage.ts", ...args];
  return spawnSync(process.execPath, command, { encoding: "utf8", env: { ...process.env, ...env } });
}

test("a file that npm's caller names is looked for where the caller stands", { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "validate-"));
  writeFileSync(join(folder, "platform.yaml"), "platform: here\n");
  const env = { npm_lifecycle_event: "soundstage", INIT_CWD: folder };
  expect(soundstage(["validate", "platform.yaml"], env).stdout).toContain(
    `${join(folder, "platform.yaml")}: platform here`,
  );
  expect(soundstage(["validate"], env).stdout).toContain(`${PLATFORM}: platform dnb1st`);
});

test("what a platform has one of is counted as one", { timeout: 60_000 }, () => {
  const file = join(mkdtempSync(join(tmpdir(), "validate-")), "platform.yaml");
  writeFileSync(file, "platform: here\nstate: local\nzones: { example.org: { provider: route53 } }\n");
  expect(soundstage(["validate", file]).stdout).toContain(
    "platform here, 1 zone, 0 regions, 0 hosts: no faults",
  );
});

test("what is set for one run is counted as its own, and no fault is prefixed", { timeout: 60_000 }, () => {
  const { status, stderr } = soundstage(["validate"], { SOUNDSTAGE_SET: "regions.eu.release=9.9.9" });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^SOUNDSTAGE_SET: regions\.eu\.release: release "9\.9\.9" is not to be had/);
  expect(stderr).toContain("1 fault in SOUNDSTAGE_SET");
});

test("a file without end is refused", { timeout: 60_000 }, () => {
  expect(soundstage(["validate", "/dev/zero"]).stderr).toContain(
    "expected at most 1048576 bytes, found more",
  );
});

test("help names the environment and the default, and there is a version", { timeout: 60_000 }, () => {
  expect(soundstage(["--help"]).stdout).toMatch(/SOUNDSTAGE_PLATFORM[\s\S]*SOUNDSTAGE_SET/);
  expect(soundstage(["validate", "--help"]).stdout).toMatch(/else\s+platform\.yaml/);
  expect(soundstage(["--version"]).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("machines are told of faults by line and column, and of what a platform has", {
  timeout: 60_000,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), "validate-"));
  const file = join(folder, "platform.yaml");
  writeFileSync(file, "platform: here\nzones: 7\n");
  const faulty = soundstage(["validate", file, "--json"]);
  expect([faulty.status, faulty.stderr]).toEqual([1, ""]);
  expect(JSON.parse(faulty.stdout).faults).toContainEqual(expect.objectContaining({ line: 2, column: 8 }));
  const valid = soundstage(["validate", "--json"]);
  expect(valid.status).toBe(0);
  expect(JSON.parse(valid.stdout)).toMatchObject({
    platform: "dnb1st",
    regions: expect.any(Number),
    overrides: [],
    faults: [],
  });
});
