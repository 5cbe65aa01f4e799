import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { Programs } from "../../../converge/terraform/programs.ts";
import { Terraform } from "../../../converge/terraform/terraform.ts";

afterEach(() => void vi.unstubAllEnvs());

/** The stack `eu` of an output, and in the place of Terraform a script. */
function terraform(script: string): { folder: string; eu: Terraform } {
  const output = mkdtempSync(join(tmpdir(), "terraform-"));
  const folder = join(output, "stacks", "eu");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "cdk.tf.json"), "{}");
  const program = join(output, "terraform");
  writeFileSync(program, `#!/bin/sh\n${script}`);
  chmodSync(program, 0o755);
  vi.stubEnv("TERRAFORM_BINARY_NAME", program);
  return { folder, eu: new Terraform(new Programs(), output, "eu", () => {}) };
}

test("at no moment a plan may be read by others", async () => {
  const { folder, eu } = terraform(
    'case $1 in plan) echo values >eu.tfplan; stat -c %a eu.tfplan >mode ;; show) echo "{}" ;; esac\n',
  );
  expect(await eu.plan("eu.tfplan")).toEqual({});
  expect(readFileSync(join(folder, "mode"), "utf8")).toBe("600\n");
});
