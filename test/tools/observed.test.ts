import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { freePort } from "../../relay/test/port.ts";

const terraform = ["terraform", "tofu"].find((name) => spawnSync(name, ["version"]).status === 0);
const missing = terraform ? "" : " (neither terraform nor tofu is on PATH)";

describe.skipIf(!terraform)(`the least platform${missing}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "observed-"));
  const platform = join(folder, "platform.yaml");
  const output = join(folder, "cdktf.out");
  const observed = join(folder, ".soundstage", "observed", "region-eu.json");
  const run = (program: string, ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(program, [...args, "--output", output], {
      encoding: "utf8",
      env: { ...process.env, SOUNDSTAGE_PLATFORM: platform, TERRAFORM_BINARY_NAME: terraform, NO_COLOR: "1" },
    });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: Terraform colours its output whatever it is told
    return { status, stdout: stdout.replace(/\x1b\[[0-9;]*[A-Za-z]/g, ""), stderr };
  };
  const soundstage = (...args: string[]) =>
    run(process.execPath, "--import", "tsx", "bin/soundstage.ts", ...args);
  const diff = () => run("node_modules/.bin/cdktf", "diff", "region-eu");
  afterAll(() => void soundstage("down", "local"));

  test("cdktf diff warns of what hosts were seen to have, ends as before, and leaves the state alone", {
    timeout: 240_000,
  }, () => {
    writeFileSync(platform, readFileSync("docs/minimal.yaml", "utf8"));
    const before = diff();
    expect(
      [before.status, before.stdout.includes("Check block assertion failed")],
      before.stdout + before.stderr,
    ).toEqual([0, false]);
    expect(before.stdout).toContain("Plan: 2 to add, 0 to change, 0 to destroy.");
    mkdirSync(join(folder, ".soundstage", "observed"), { recursive: true });
    const host = {
      observed: new Date().toISOString(),
      manifest: "m",
      recorded: null,
      generation: 1,
      drift: [{ what: "/etc/nginx/nginx.conf", diff: "-a\n+${b}\n" }],
      units: [],
    };
    writeFileSync(
      observed,
      JSON.stringify({ format: 1, stack: "region-eu", hosts: { "eu-1": host }, failures: {} }),
    );
    const after = diff();
    expect(after.stdout.replaceAll(/\s+/g, " ")).toContain(
      "Somebody changed hosts: eu-1 (/etc/nginx/nginx.conf).",
    );
    expect(after.status).toBe(before.status);
    expect(after.stdout).toContain("Plan: 2 to add, 0 to change, 0 to destroy.");
    expect(existsSync(join(folder, "terraform.region-eu.tfstate"))).toBe(false);
  });

  test("deploy synthesizes, and deploys the local stack where it is named", {
    timeout: 240_000,
  }, async () => {
    writeFileSync(
      platform,
      `platform: small\nlocal: { port: ${await freePort()}, demo: false, directory: here }\n`,
    );
    const nothing = soundstage("deploy", "--yes");
    expect([nothing.status, nothing.stderr]).toEqual([
      1,
      expect.stringContaining("the platform has no zones and no regions"),
    ]);
    const { status, stdout, stderr } = soundstage("deploy", "local", "--yes");
    expect([status, existsSync(join(folder, "terraform.local.tfstate"))], stdout + stderr).toEqual([0, true]);
    expect(stdout).toContain(
      "Generated Terraform code for the stacks: local\n\nlocal (1 of 1)\nTerraform: 2 to create\n",
    );
    writeFileSync(platform, "platform: {}\n");
    const broken = soundstage("deploy", "local", "--yes");
    expect([broken.status, broken.stderr]).toEqual([
      1,
      expect.stringContaining("platform.yaml:1:11: expected"),
    ]);
  });
});
