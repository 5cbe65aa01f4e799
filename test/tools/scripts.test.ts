import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runApp } from "../app.ts";

const missing =
  spawnSync("shellcheck", ["--version"]).status === 0
    ? ""
    : " (the Debian package shellcheck is not installed)";

describe.skipIf(missing)(`scripts that hosts run${missing}`, () => {
  test("shellcheck finds nothing in any of them", { timeout: 120_000 }, () => {
    const output = mkdtempSync(join(tmpdir(), "scripts-"));
    const synth = runApp(output);
    expect(synth.stderr).toBe("");
    const scripts = readdirSync(join(output, "stacks"), { recursive: true, encoding: "utf8" })
      .filter((path) => /^region-(ru|asia)\/hosts\/[^/]+\/(commands\/[^/]+|files\/.*\.sh)$/.test(path))
      .map((path) => join(output, "stacks", path));
    expect(scripts.length).toBeGreaterThan(40);
    // They are run by `sh -eu`: a cd that fails ends them.
    const { stdout, status } = spawnSync(
      "shellcheck",
      ["--shell=sh", "--severity=warning", "--exclude=SC2164", ...scripts],
      { encoding: "utf8" },
    );
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });
});
