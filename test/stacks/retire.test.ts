import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Testing } from "cdktf";
import { beforeAll, expect, test } from "vitest";
import { parseDocument } from "yaml";
import type { Manifest, RegionFile } from "../../bundle/manifest.ts";
import { loadPlatform } from "../../platform/load.ts";
import { RegionStack } from "../../stacks/region.ts";

/** The lab's region, with its relay on hosts that need no build of it. */
function platform(retire: Readonly<Record<string, unknown>>): string {
  const document = parseDocument(readFileSync("test/lab/platform.yaml", "utf8"));
  for (const [host, value] of Object.entries(retire))
    document.setIn(["regions", "lab", "hosts", host, "retire"], value);
  return document.toString();
}

interface Output {
  readonly manifests: ReadonlyMap<string, Manifest>;
  readonly region: Pick<RegionFile, "hosts" | "leaving">;
  readonly records: Readonly<Record<string, { triggers_replace: Readonly<Record<string, unknown>> }>>;
  text(host: string, path: string): string;
}

function synthesized(retire: Readonly<Record<string, unknown>>): Output {
  const artifact = { file: "package.json", sha256: "0".repeat(64), size: 1 };
  const stack = new RegionStack(Testing.app(), "region-lab", {
    platform: loadPlatform(platform(retire), { file: "platform.yaml" }).platform,
    source: "../platform.yaml",
    region: "lab",
    artifacts: { releases: new Map([["workspace", artifact]]), node: artifact },
  });
  const folder = join(Testing.fullSynth(stack), "stacks", "region-lab");
  const read = (path: string) => JSON.parse(readFileSync(join(folder, path), "utf8"));
  return {
    manifests: new Map(
      readdirSync(join(folder, "hosts")).map((host) => [host, read(`hosts/${host}/manifest.json`)]),
    ),
    region: read("region.json"),
    records: read("cdk.tf.json").resource.terraform_data,
    text: (host, path) => {
      const file = join(folder, "hosts", host, "files", path);
      return existsSync(file) ? readFileSync(file, "utf8") : "";
    },
  };
}

let before: Output;
beforeAll(() => {
  before = synthesized({});
});

test("a member that retires is emptied, and no other host's bundle changes", () => {
  const { manifests, records, region } = synthesized({ "db-2": true });
  const { retired, order, ...rest } = manifests.get("db-2") as Manifest;
  expect(retired).toEqual({
    data: "kept",
    folders: ["/var/lib/etcd/default", "/var/lib/etcd/default.left", "/var/lib/postgresql/15/music"],
  });
  expect(order.map(({ group, mode }) => [group, mode])).toEqual([["database", "one-by-one"]]);
  const left = Object.entries(rest).filter(([, value]) => Array.isArray(value) && value.length > 0);
  expect(left).toEqual([]);
  for (const [host, manifest] of manifests)
    if (host !== "db-2") expect([host, manifest]).toEqual([host, before.manifests.get(host)]);
  expect(records["db-2"]?.triggers_replace.retired).toEqual([
    "data kept",
    "/var/lib/etcd/default",
    "/var/lib/etcd/default.left",
    "/var/lib/postgresql/15/music",
  ]);
  expect(region.hosts.map(({ host }) => host)).toContain("db-2");
});

test("a host that is lost is contacted no more and named by none, and the others take it out of etcd", () => {
  const { manifests, records, region, text } = synthesized({ "db-2": "lost" });
  expect(region.hosts.map(({ host }) => host)).not.toContain("db-2");
  expect(manifests.has("db-2")).toBe(false);
  expect(records["db-2"]?.triggers_replace).toEqual({ retired: ["lost"] });
  for (const path of ["/etc/haproxy/haproxy.cfg", "/etc/patroni/conf.d/10-member.yml"]) {
    expect(before.text("db-1", path)).toContain("10.255.0.22");
    expect(text("db-1", path)).not.toContain("10.255.0.22");
  }
  expect(text("db-1", "/etc/soundstage/etcd/members")).toContain("lost db-2 https://10.255.0.22:2380\n");
  expect(manifests.get("db-1")?.actions.map(({ id }) => id)).toContain("etcd-remove-db-2");
});

test("who is a member of etcd is in no file that restarts it", () => {
  const files = (output: Output) => {
    const manifest = output.manifests.get("db-1") as Manifest;
    const restart = manifest.units.find(({ name }) => name === "etcd.service")?.restart ?? [];
    return restart.map((path) => [path, output.text("db-1", path)]);
  };
  expect(files(synthesized({ "db-2": "lost" }))).toEqual(files(before));
});

test("an edge that retires takes no listeners and no clients, and is the last to change", () => {
  const { manifests, region, text } = synthesized({ "edge-2": "purge" });
  const unit = "/etc/systemd/system/soundstage-relay@.service";
  expect(before.text("edge-1", unit)).toContain("RELAY_MAX_LISTENERS=125");
  expect(text("edge-1", unit)).toContain("RELAY_MAX_LISTENERS=250");
  expect(manifests.get("edge-2")?.retired).toEqual({ data: "purged", folders: [] });
  expect(before.region.leaving).toBeUndefined();
  expect(region.leaving?.map(({ host }) => host)).toEqual(["edge-2"]);
});
