import { Testing } from "cdktf";
import { expect, test } from "vitest";
import { loadPlatform } from "../../platform/load.ts";
import { ZonesStack } from "../../stacks/zones.ts";

interface Row {
  readonly name: string;
  readonly [key: string]: unknown;
}

/** The zones stack of a file with these zones, as its resources by type and address. */
function resources(zones: string): Record<string, Record<string, Row>> {
  const text = `platform: zones\nstate: local\nzones:\n${zones}`;
  const { platform } = loadPlatform(text, { file: "zones.yaml" });
  const json = Testing.synth(new ZonesStack(Testing.app(), "zones", { platform }), true);
  return (JSON.parse(json) as { resource: Record<string, Record<string, Row>> }).resource;
}

test("a record is proxied where its row says so, an alias too", () => {
  const { cloudflare_dns_record: records = {} } = resources(`
  example.org:
    provider: cloudflare
    records:
      - { name: four, type: A, value: 192.0.2.1, proxied: true }
      - { name: six, type: AAAA, value: "2001:db8::1", proxied: true }
      - { name: alias, type: CNAME, target: four, proxied: true }
      - { name: plain, type: CNAME, target: four, proxied: false }
      - { name: silent, type: CNAME, target: four }
`);
  const said = Object.values(records).map(({ name, proxied, ttl }) => [name.split(".")[0], proxied, ttl]);
  expect(said).toEqual([
    ["alias", true, 1],
    ["four", true, 1],
    ["plain", false, 300],
    ["silent", false, 300],
    ["six", true, 1],
  ]);
});
