import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../relay/test/port.ts";
import { runApp } from "../app.ts";

const terraform = ["terraform", "tofu"].find((name) => spawnSync(name, ["version"]).status === 0);
const missing = terraform ? "" : " (neither terraform nor tofu is on PATH)";

describe.skipIf(!terraform)(`a platform file beside which the output does not lie${missing}`, () => {
  const root = mkdtempSync(join(tmpdir(), "state-"));
  const output = join(root, "elsewhere", "cdktf.out");
  const platforms = join(root, "platforms");
  const file = join(platforms, "one.yaml");

  // As people write it: relative to where they start cdktf.
  const relativeTo = (platform: string) => relative(process.cwd(), platform);
  const run = (program: string, args: readonly string[], cwd: string) =>
    spawnSync(program, args, {
      cwd,
      encoding: "utf8",
      env: { ...process.env, CDKTF_OUTDIR: output, SOUNDSTAGE_PLATFORM: relativeTo(file) },
    });
  const synth = (platform: string) => expect(runApp(output, relativeTo(platform)).stderr).toBe("");
  const inStack = (stack: string, ...args: string[]) => {
    const folder = join(output, "stacks", stack);
    return run(terraform as string, [...args, "-no-color", "-input=false"], folder);
  };

  beforeAll(async () => {
    mkdirSync(join(root, "elsewhere"));
    mkdirSync(platforms);
    writeFileSync(
      file,
      `platform: one\nlocal: { port: ${await freePort()}, demo: false, directory: here }\n`,
    );
    writeFileSync(join(platforms, "two.yaml"), "platform: two\n");
    copyFileSync("platform.yaml", join(platforms, "platform.yaml"));
    synth(file);
  });
  afterAll(() => {
    run(process.execPath, [join(output, "bin", "soundstage.mjs"), "down", "local"], process.cwd());
  });

  test("Terraform's converge finds its folder, and the state lies there too", { timeout: 60_000 }, () => {
    expect(inStack("local", "init").status).toBe(0);
    expect(inStack("local", "apply", "-auto-approve").stdout).toContain("Apply complete! Resources: 2 added");
    expect(existsSync(join(platforms, "here", "opt/soundstage/relay/server.mjs"))).toBe(true);
    expect(existsSync(join(platforms, "terraform.one.local.tfstate"))).toBe(true);
  });

  test("another platform of the same output has a state of its own", () => {
    synth(join(platforms, "two.yaml"));
    const stack = readFileSync(join(output, "stacks", "local", "cdk.tf.json"), "utf8");
    expect(stack).toContain('"path": "../../../../platforms/terraform.two.local.tfstate"');
    // Terraform knows this folder by the state of the other: it does not mix them.
    const { status, stderr } = inStack("local", "plan");
    expect([status, stderr]).toEqual([1, expect.stringContaining("Backend initialization required")]);
    expect(inStack("local", "init", "-reconfigure").status).toBe(0);
    expect(inStack("local", "plan").stdout).toContain("2 to add, 0 to change, 0 to destroy");
  });

  test("a stack of an example is planned; its deploy is refused before anything is made", () => {
    synth(join(platforms, "platform.yaml"));
    expect(inStack("region-us", "init").status).toBe(0);
    expect(inStack("region-us", "plan", "-detailed-exitcode").status).toBe(2);
    const { status, stderr } = inStack("region-us", "apply", "-auto-approve");
    expect([status, stderr]).toEqual([1, expect.stringContaining("a platform that says `example: true`")]);
    const state = readFileSync(join(platforms, "terraform.region-us.tfstate"), "utf8");
    const { resources } = JSON.parse(state) as { resources: { instances: unknown[] }[] };
    expect(resources.flatMap(({ instances }) => instances)).toEqual([]);
  });
});
