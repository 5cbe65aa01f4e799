import { spawn, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../lab/run.ts";

const terraform = ["terraform", "tofu"].find((name) => spawnSync(name, ["version"]).status === 0);
const missing = terraform ? "" : " (neither terraform nor tofu is on PATH)";

describe.skipIf(!terraform)(`synth and diff without cdktf${missing}`, { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "diff-"));
  const output = join(folder, "cdktf.out");
  const platform = join(folder, "platform.yaml");
  const env = { ...process.env, SOUNDSTAGE_PLATFORM: platform, TERRAFORM_BINARY_NAME: terraform };
  const soundstage = (...args: string[]) =>
    spawnSync(process.execPath, ["--import", "tsx", "bin/soundstage.ts", ...args, "--output", output], {
      encoding: "utf8",
      env,
    });

  beforeAll(() => {
    copyFileSync("docs/minimal.yaml", platform);
    mkdirSync(join(output, "stacks", "region-gone"), { recursive: true });
    const { status, stdout, stderr } = soundstage("synth", "--json");
    expect([status, stderr]).toEqual([0, ""]);
    const { stacks } = JSON.parse(stdout) as { stacks: { stack: string }[] };
    expect(stacks.map(({ stack }) => stack)).toEqual(["zones", "region-eu", "local"]);
  }, 60_000);

  test("a stack that is gone leaves the output", () => {
    expect(readdirSync(join(output, "stacks")).sort()).toEqual(["local", "region-eu", "zones"]);
  });

  test("stacks are shown in the order of a deploy, whatever order they are named in", () => {
    const { status, stdout, stderr } = soundstage("diff", "local", "region-eu", "--skip-synth", "--json");
    expect([status, stderr]).toEqual([2, ""]);
    const create = (address: string) => ({ address, verb: "create" });
    expect(JSON.parse(stdout)).toEqual({
      stacks: [
        {
          stack: "region-eu",
          resources: [create("terraform_data.converge"), create("terraform_data.eu-1")],
          warnings: [],
        },
        {
          stack: "local",
          resources: [create("terraform_data.converge"), create("terraform_data.here")],
          warnings: [],
        },
      ],
    });
    expect(existsSync(join(folder, "terraform.local.tfstate"))).toBe(false);
    expect(readdirSync(join(output, "stacks", "local")).filter((name) => name.endsWith(".tfplan"))).toEqual(
      [],
    );
  });

  test("a stack that can not be planned fails alone, and the run says so", () => {
    const broken = { ...env, TF_CLI_ARGS_plan: "-var=nobody_asked=1" };
    const cli = [join(output, "bin", "soundstage.mjs"), "diff", "region-eu", "--skip-synth"];
    const { status, stdout, stderr } = spawnSync(process.execPath, cli, { encoding: "utf8", env: broken });
    expect([status, stdout]).toEqual([1, "\nregion-eu\n"]);
    expect(stderr).toContain("region-eu: ");
    expect(stderr).toContain("plan failed with exit code 1");
  });

  test("a run that is told to end waits for what runs, and begins nothing else", async () => {
    const path = mkdtempSync(join(tmpdir(), "slow-"));
    writeFileSync(join(path, "slow"), `#!/bin/sh\necho "$1" >>'${path}/begun'\nexec sleep 60\n`, {
      mode: 0o755,
    });
    const cli = [join(output, "bin", "soundstage.mjs"), "diff", "region-eu", "local", "--skip-synth"];
    const run = spawn(process.execPath, cli, { env: { ...env, TERRAFORM_BINARY_NAME: join(path, "slow") } });
    await eventually(20_000, async () => readFileSync(join(path, "begun")));
    run.kill("SIGINT");
    expect(await new Promise((resolve) => run.once("close", resolve))).toBe(130);
    expect(readFileSync(join(path, "begun"), "utf8")).toBe("init\n");
  });

  test("the CLI in an output says that it has no app", () => {
    const cli = join(output, "bin", "soundstage.mjs");
    const run = (command: string) =>
      spawnSync(process.execPath, [cli, command], { encoding: "utf8", env, cwd: folder });
    expect([run("synth").status, run("synth").stderr]).toEqual([
      1,
      expect.stringContaining("this copy of the CLI lies in an output, without its app"),
    ]);
    expect([run("diff").status, run("diff").stderr]).toEqual([
      1,
      expect.stringContaining("here is no cdktf.json"),
    ]);
  });
});
