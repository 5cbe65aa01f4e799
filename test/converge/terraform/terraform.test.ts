import { LocalBackend } from "cdktf";
import { afterEach, expect, test, vi } from "vitest";
import { Programs } from "../../../converge/terraform/programs.ts";
import { Terraform } from "../../../converge/terraform/terraform.ts";
import { synthStacks } from "../../constructs/synth.ts";

afterEach(() => void vi.unstubAllEnvs());

test("what fails is told of the program alone: the stack says whoever shows it", async () => {
  vi.stubEnv("TERRAFORM_BINARY_NAME", "false");
  const output = synthStacks({ zones: (stack) => new LocalBackend(stack, { path: "x.tfstate" }) });
  const terraform = new Terraform(new Programs(), output, "zones", () => {});
  await expect(terraform.init()).rejects.toThrow(/^false init failed with exit code 1$/);
});
