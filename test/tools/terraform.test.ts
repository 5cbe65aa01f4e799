import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { runApp } from "../app.ts";

const terraform = ["terraform", "tofu"].find((name) => spawnSync(name, ["version"]).status === 0);
const missing = terraform ? "" : " (neither terraform nor tofu is on PATH)";

describe.skipIf(!terraform)(`Terraform${missing}`, () => {
  let output: string;

  beforeAll(() => {
    output = mkdtempSync(join(tmpdir(), "validate-"));
    const { status, stderr } = runApp(output);
    if (status !== 0) throw new Error(stderr);
  }, 60_000);

  test.for(["local", "region-ru", "region-eu", "region-us", "region-asia"])(
    "%s validates",
    { timeout: 60_000 },
    (stack) => {
      const run = (...args: string[]) =>
        spawnSync(terraform as string, [...args, "-no-color"], {
          cwd: join(output, "stacks", stack),
          encoding: "utf8",
        });
      expect(run("init", "-input=false").status).toBe(0);
      const { status, stdout } = run("validate");
      expect(stdout).toContain("Success! The configuration is valid");
      expect(status).toBe(0);
    },
  );
});
