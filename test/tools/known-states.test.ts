import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalBackend, TerraformOutput } from "cdktf";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { departedRegions } from "../../converge/deploy/known-states.ts";
import { Programs } from "../../converge/terraform/programs.ts";
import { hostsInState } from "../../converge/terraform/records.ts";
import { Terraform } from "../../converge/terraform/terraform.ts";
import { setBackend } from "../../stacks/backend.ts";
import { synthStacks } from "../constructs/synth.ts";
import { missing as noTerraform, terraform } from "./folder-regions.ts";
import { CREDENTIALS, Moto } from "./moto.ts";

const state = (host: string) =>
  JSON.stringify({
    version: 4,
    resources: [
      {
        mode: "managed",
        type: "terraform_data",
        name: host,
        instances: [{ attributes: { triggers_replace: { value: {}, type: ["object", {}] } } }],
      },
    ],
  });

test("beside the platform file the states of its regions are known, and not those of other platforms", async () => {
  const folder = mkdtempSync(join(tmpdir(), "states-"));
  const file = (name: string) => join(folder, name);
  const output = synthStacks({
    "region-eu": (stack) => new LocalBackend(stack, { path: file("terraform.one.region-eu.tfstate") }),
    local: (stack) => new LocalBackend(stack, { path: file("terraform.one.local.tfstate") }),
  });
  for (const stack of ["region-eu", "region-us", "zones"]) {
    writeFileSync(file(`terraform.one.${stack}.tfstate`), state(stack));
    writeFileSync(file(`terraform.two.${stack}.tfstate`), state(stack));
    writeFileSync(file(`terraform.${stack}.tfstate`), state(stack));
  }
  writeFileSync(file("terraform.one.region-us.tfstate.backup"), "");
  const found = await departedRegions(output, new Programs());
  expect(found.map(({ stack, place, state }) => [stack, place, hostsInState(state)])).toEqual([
    ["region-us", file("terraform.one.region-us.tfstate"), [{ host: "region-us", retired: false }]],
  ]);
});

const missing = ["aws", "moto_server"].filter((name) => spawnSync(name, ["--version"]).error);

describe.skipIf(missing.length > 0)(
  `states in a bucket${missing.length > 0 ? ` (${missing.join(" and ")} are not on PATH)` : ""}`,
  () => {
    const before = { ...process.env };
    let moto: Moto;
    const aws = (args: readonly string[], input = "") => {
      const { status, stderr } = spawnSync("aws", [...args, "--endpoint-url", moto.endpoint], {
        input,
        encoding: "utf8",
      });
      if (status !== 0) throw new Error(stderr);
    };

    beforeAll(async () => {
      Object.assign(process.env, CREDENTIALS);
      moto = await Moto.start();
      aws(["s3api", "create-bucket", "--bucket", "states"]);
      for (const stack of ["region-eu", "region-us", "zones"])
        aws(["s3", "cp", "-", `s3://states/live/${stack}.tfstate`], state(stack));
      aws(["s3", "cp", "-", "s3://states/other/region-asia.tfstate"], state("region-asia"));
    }, 180_000);
    afterAll(() => {
      moto?.stop();
      vi.unstubAllEnvs();
      process.env = before;
    });

    const output = (bucket: string, key = "live") => {
      const s3 = { bucket, region: "us-east-1", key, endpoint: moto.endpoint };
      return synthStacks({
        "region-eu": (stack) => {
          setBackend(stack, "region-eu", {
            platform: { platform: "one", state: { s3 } },
            source: "../platform.yaml",
          });
          new TerraformOutput(stack, "any", { value: 1 });
        },
      });
    };

    test("are listed and read", { timeout: 120_000 }, async () => {
      const found = await departedRegions(output("states"), new Programs());
      expect(found.map(({ stack, place, state }) => [stack, place, hostsInState(state)])).toEqual([
        ["region-us", "s3://states/live/region-us.tfstate", [{ host: "region-us", retired: false }]],
      ]);
    });

    test("that can not be listed are said to be so", { timeout: 120_000 }, async () => {
      await expect(departedRegions(output("nowhere"), new Programs())).rejects.toThrow(
        /aws s3api list-objects-v2 failed: .*NoSuchBucket/,
      );
    });

    test.skipIf(!terraform)(
      `whose lock a killed run left are freed by the command that is said${noTerraform}`,
      { timeout: 120_000 },
      async () => {
        const out = output("states", "locked");
        vi.stubEnv("TERRAFORM_BINARY_NAME", terraform);
        const region = new Terraform(new Programs(), out, "region-eu", () => {});
        await region.init();
        const lock = {
          ID: "0f7d6c1e",
          Operation: "OperationTypeApply",
          Who: "eva@desk",
          Created: "2026-01-02T03:04:05Z",
        };
        aws(["s3", "cp", "-", "s3://states/locked/region-eu.tfstate.tflock"], JSON.stringify(lock));
        const refused = await region.plan("one.tfplan").catch(({ message }: Error) => message);
        const free =
          /^its state is locked by eva@desk since 2026-01-02 .*: (\S+ -chdir=\S+ force-unlock \S+)$/;
        expect(refused).toMatch(free);
        const [program, ...args] = (free.exec(String(refused))?.[1] ?? "").split(" ");
        expect(spawnSync(program as string, [...args.slice(0, 2), "-force", ...args.slice(2)]).status).toBe(
          0,
        );
        await region.plan("one.tfplan");
      },
    );
  },
);
