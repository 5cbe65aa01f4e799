import { Testing } from "cdktf";
import { expect, test } from "vitest";
import { loadPlatform } from "../../platform/load.ts";
import { ZonesStack } from "../../stacks/zones.ts";

const keyOf = (name: string, prefix = "") => {
  const text = `platform: ${name}\nstate: { s3: { bucket: shared, region: eu-central-1${prefix} } }\n`;
  const { platform } = loadPlatform(text, { file: "platform.yaml" });
  const stack = new ZonesStack(Testing.app(), "zones", { platform, source: "../platform.yaml" });
  const { terraform } = JSON.parse(Testing.synth(stack)) as {
    terraform: { backend: { s3: { key: string } } };
  };
  return terraform.backend.s3.key;
};

test("two platforms in one bucket have states of their own, unless they say a prefix", () => {
  expect(keyOf("one")).toBe("soundstage/one/zones.tfstate");
  expect(keyOf("two")).toBe("soundstage/two/zones.tfstate");
  expect(keyOf("two", ", key: soundstage")).toBe("soundstage/zones.tfstate");
});
