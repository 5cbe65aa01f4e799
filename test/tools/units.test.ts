import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { RelayWorkload } from "../../constructs/relay/relay-workload.ts";
import { bundleOf, NO_ARTIFACT } from "../constructs/hosts.ts";

const missing =
  spawnSync("systemd-analyze", ["--version"]).status === 0
    ? ""
    : " (the Debian package systemd is not installed)";
const UNIT = "/etc/systemd/system/soundstage-relay@.service";

describe.skipIf(missing)(`the relay's unit${missing}`, () => {
  const { texts, manifest } = bundleOf(
    (host) =>
      new RelayWorkload(host, "relay", {
        host,
        release: NO_ARTIFACT,
        node: NO_ARTIFACT,
        ports: [3000, 3001],
        region: "eu",
        listeners: 1000,
        broadcastToken: { env: "TOKEN", version: 1 },
        redis: {
          address: "10.0.0.9",
          port: 6379,
          password: { env: "REDIS", version: 2 },
          ca: "/etc/soundstage/tls/relay/ca.crt",
        },
      }),
  );

  test("is as little exposed as a service of Node can be", () => {
    const folder = mkdtempSync(join(tmpdir(), "unit-"));
    const file = join(folder, basename(UNIT));
    writeFileSync(file, texts.get(UNIT) as string);
    const { status, stdout, stderr } = spawnSync(
      "systemd-analyze",
      ["security", "--offline=true", "--threshold=25", "--no-pager", file],
      { encoding: "utf8" },
    );
    expect(stdout + stderr).toMatch(/Overall exposure level for \S+: [0-2]\.\d/);
    expect(status).toBe(0);
  });

  test("verifies", () => {
    const folder = mkdtempSync(join(tmpdir(), "unit-"));
    const node = join(folder, "node");
    writeFileSync(node, "");
    chmodSync(node, 0o755);
    const file = join(folder, "soundstage-relay@3000.service");
    writeFileSync(file, (texts.get(UNIT) as string).replaceAll("/opt/soundstage/node/bin/node", node));
    writeFileSync(
      join(folder, "soundstage-audio.slice"),
      texts.get("/etc/systemd/system/soundstage-audio.slice") as string,
    );
    const { stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", file], { encoding: "utf8" });
    expect(stderr.split("\n").filter((line) => line.includes("soundstage"))).toEqual([]);
  });

  test("holds no secret, and hands each worker its own as credentials", () => {
    expect(texts.get(UNIT)).toContain("LoadCredential=redis:/etc/soundstage/secrets/relay-redis\n");
    expect(texts.get(UNIT)).toContain('Environment="RELAY_REDIS_PASSWORD_FILE=%d/redis"\n');
    expect(manifest.units.map(({ name }) => name)).toEqual([
      "soundstage-relay@3000.service",
      "soundstage-relay@3001.service",
    ]);
  });
});
