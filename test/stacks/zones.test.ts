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
  const json = Testing.synth(
    new ZonesStack(Testing.app(), "zones", { platform, source: "../platform.yaml" }),
    true,
  );
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

const COLLIDING = `
      - { name: "@", type: TXT, text: one }
      - { name: "@", type: TXT, text: another }
      - { name: apex, type: TXT, text: one }
      - { name: wildcard, type: A, value: 192.0.2.1 }
      - { name: "*", type: A, value: 192.0.2.1 }
      - { name: "@", type: CAA, tag: issue, issuer: ca.test }
      - { name: "@", type: CAA, tag: issue, issuer: ca.test, flags: 128 }
`;

test.for([
  ["cloudflare", "cloudflare_dns_record", 7],
  ["route53", "aws_route53_record", 5],
] as const)(
  "records whose ids would be the same stand beside each other on %s",
  ([provider, type, count]) => {
    const addresses = (rows: string) =>
      Object.keys(resources(`\n  example.org:\n    provider: ${provider}\n    records:${rows}`)[type] ?? {});
    const first = COLLIDING.split("\n")
      .filter((row) => !/another|: apex|"\*"|128/.test(row))
      .join("\n");
    const all = addresses(COLLIDING);
    expect(all).toHaveLength(count);
    // What came first keeps its address: what joins it renames nothing.
    expect(all).toEqual(expect.arrayContaining(addresses(first)));
    expect(all.length).toBeGreaterThan(addresses(first).length);
  },
);

test("zones whose ids would be the same stand beside each other, and so do their delegations", () => {
  const { cloudflare_zone: zones = {}, cloudflare_dns_record: records = {} } = resources(`
  example.org: { provider: cloudflare }
  a-b.example.org: { provider: cloudflare, parent: example.org }
  a.example.org: { provider: cloudflare, parent: example.org }
  a.b.example.org: { provider: cloudflare, parent: example.org }
  4ever.example: { provider: cloudflare }
`);
  expect(
    Object.values(zones)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(["4ever.example", "a-b.example.org", "a.b.example.org", "a.example.org", "example.org"]);
  expect(Object.keys(zones).filter((address) => !/^[a-z_]/.test(address))).toEqual([]);
  expect(Object.keys(records)).toHaveLength(6);
});

test("the order of TXT records means nothing for their addresses, and SPF, DMARC and DKIM have plain ones", () => {
  const addresses = (...rows: string[]) =>
    Object.keys(
      resources(`\n  example.org:\n    provider: cloudflare\n    records:\n${rows.join("\n")}\n`)
        .cloudflare_dns_record ?? {},
    ).sort();
  const one = '      - { name: "@", type: TXT, text: one }';
  const two = '      - { name: "@", type: TXT, text: two }';
  const own = [
    '      - { name: "@", type: TXT, text: v=spf1 -all }',
    '      - { name: _dmarc, type: TXT, text: "v=DMARC1; p=none" }',
    '      - { name: a._domainkey, type: TXT, text: "v=DKIM1; p=" }',
  ];
  const both = addresses(one, two, ...own);
  expect(addresses(...own, two, one)).toEqual(both);
  expect(both).toEqual(expect.arrayContaining(addresses(two)));
  expect(both.map((address) => address.replace(/^.*?_/, "").replace(/_[0-9A-F]{8}$/, ""))).toEqual(
    expect.arrayContaining(["apex-TXT-spf", "_dmarc-TXT", "a_domainkey-TXT"]),
  );
});

test("an IPv6 address goes out in one spelling", () => {
  const { cloudflare_dns_record: records = {} } = resources(`
  example.org:
    provider: cloudflare
    records: [{ name: six, type: AAAA, values: ["2001:0DB8:0:0::1", "2001:db8::2"] }]
`);
  expect(Object.values(records).map(({ content }) => content)).toEqual(["2001:db8::1", "2001:db8::2"]);
});
