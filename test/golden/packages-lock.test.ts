import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runApp } from "../app.ts";

test("packages.lock beside the platform file pins what the manifests name", { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "lock-"));
  copyFileSync("test/lab/platform.yaml", join(folder, "platform.yaml"));
  const synth = () => runApp(join(folder, "cdktf.out"), join(folder, "platform.yaml"));
  writeFileSync(join(folder, "packages.lock"), '{"bookworm": {"redis-server": "5:7.0.15-1~deb12u1"}}');
  expect(synth()).toMatchObject({ status: 0, stderr: "" });
  const host = join(folder, "cdktf.out", "stacks", "region-lab", "hosts", "cache-1", "manifest");
  expect(readFileSync(host, "utf8")).toMatch(/^package\tredis-server\t5:7\.0\.15-1~deb12u1$/m);
  expect(readFileSync(host, "utf8")).toMatch(/^package\tredis-tools$/m);

  writeFileSync(join(folder, "packages.lock"), '{"bookworm": {"redis-server": 7}}');
  const { status, stderr } = synth();
  expect([status, stderr.split("\n")[0]]).toEqual([
    1,
    `soundstage: ${join(folder, "packages.lock")}: the version of redis-server of bookworm is 7; \`soundstage packages lock\` writes it: {"bookworm": {"nginx-light": "1.22.1-9"}}`,
  ]);
});
