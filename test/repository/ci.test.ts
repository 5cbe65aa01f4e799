import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

/** Runs `.ci/run` where `npm audit` says `report` and fails. */
function ci(report: string): [status: number | null, stdout: string] {
  const root = mkdtempSync(join(tmpdir(), "ci-"));
  for (const folder of [".ci", "bin", "path"]) mkdirSync(join(root, folder));
  cpSync(".ci/run", join(root, ".ci/run"));
  writeFileSync(join(root, "report"), report);
  const script = (name: string, text: string) =>
    writeFileSync(join(root, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  script("path/npm", `cat '${join(root, "report")}'; exit 1`);
  script("bin/test", "echo tested");
  const env = { ...process.env, PATH: `${join(root, "path")}:${process.env.PATH}` };
  const { status, stdout } = spawnSync(join(root, ".ci/run"), { encoding: "utf8", env });
  return [status, stdout];
}

test.for([
  "npm error 405 Method Not Allowed - POST https://registry.test/-/npm/v1/security/audits",
  "npm warn audit 404 Not Found - POST https://registry.test/-/npm/v1/security/advisories/bulk",
  "npm error audit endpoint returned an error",
])("a registry that answers no audit is told, and the tests run: %s", (report) => {
  expect(ci(`${report}\n`)).toEqual([0, "npm audit: skipped, the registry does not answer it\ntested\n"]);
});

test("a finding ends the run, whatever numbers it holds", () => {
  const report = "# npm audit report\nws  1.405.0\nSeverity: high\n2405 vulnerabilities\n";
  expect(ci(report)).toEqual([1, report]);
});
