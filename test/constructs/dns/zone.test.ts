import fc from "fast-check";
import { expect, test } from "vitest";
import { GeoAnswers } from "../../../constructs/dns/geo-answers.ts";
import { type DnsRecord, quotedTxt, route53Txt, txtChunks } from "../../../constructs/dns/record.ts";
import { Zone } from "../../../constructs/dns/zone.ts";
import { synth } from "../synth.ts";

const RECORD = { type: "A", address: "192.0.2.1", name: "www.example.com" } as const;

test.for([
  [{ domain: "Example.com.", records: [] }, /domain "Example.com." must be lower case/],
  [{ domain: "example.com", ttl: 5, records: [] }, /ttl 5 must be 60 to 86400/],
  [
    { domain: "example.com", records: [{ ...RECORD, name: "www.example.org" }] },
    /"www.example.org" is not inside example.com/,
  ],
  [
    { domain: "example.com", records: [{ type: "CNAME", name: "example.com", target: "x.example.net" }] },
    /CNAME can not stand at the zone itself/,
  ],
  [
    {
      domain: "example.com",
      records: [RECORD, { type: "CNAME", name: "www.example.com", target: "x.example.net" }],
    },
    /is a CNAME and has a record of type A too/,
  ],
] as const)("a zone that can not be is refused: %j", ([props, message]) => {
  expect(() => synth((stack) => new Zone(stack, "zone", { provider: "cloudflare", ...props }))).toThrow(
    message,
  );
});

test("TXT chunks are at most 255 bytes, split no character, and join to the text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 600 }), (text) => {
      const chunks = txtChunks(text);
      expect(chunks.join("")).toBe(text);
      for (const chunk of chunks) expect(Buffer.byteLength(chunk)).toBeLessThanOrEqual(255);
    }),
  );
});

test("a long TXT is written as each provider takes it", () => {
  const text = `${"a".repeat(255)}b"c`;
  expect(quotedTxt(text)).toBe(`"${"a".repeat(255)}" "b\\"c"`);
  expect(route53Txt(text)).toBe(`${"a".repeat(255)}""b\\"c`);
});

/** The resources of a zone's records on each provider. */
const onCloudflare = (...records: readonly DnsRecord[]) =>
  Object.values(resources("cloudflare", records).cloudflare_dns_record ?? {});
const onRoute53 = (...records: readonly DnsRecord[]) =>
  Object.values(resources("route53", records).aws_route53_record ?? {});

function resources(provider: "cloudflare" | "route53", records: readonly DnsRecord[]) {
  return (
    synth((stack) => new Zone(stack, "zone", { domain: "example.com", provider, records })).resource ?? {}
  );
}

test.for([0, 128] as const)("a CAA record on Cloudflare has its flags %d as a number", (flags) => {
  const [record] = onCloudflare({ type: "CAA", name: "example.com", flags, tag: "issue", issuer: "ca.test" });
  expect(record).toMatchObject({ type: "CAA", data: { flags, tag: "issue", value: "ca.test" } });
});

test.for(["${path.cwd}", "%{if true}"])("a CAA record that says %s is no template of Terraform's", (said) => {
  const issuer = `ca.test; account=${said}`;
  const record: DnsRecord = { type: "CAA", name: "example.com", flags: 0, tag: "issue", issuer };
  const literal = `ca.test; account=${said[0]}${said}`;
  expect(onCloudflare(record)).toMatchObject([{ data: { value: literal } }]);
  expect(onRoute53(record)).toMatchObject([{ records: [`0 issue "${literal}"`] }]);
});

test("a quote ends no CAA value on Route 53", () => {
  const issuer = 'a" "b\\';
  expect(onRoute53({ type: "CAA", name: "example.com", flags: 0, tag: "issue", issuer })).toMatchObject([
    { records: ['0 issue "a\\" \\"b\\\\"'] },
  ]);
});

test("Route 53 has one resource for a set of records", () => {
  const out = synth((stack) => {
    new Zone(stack, "zone", {
      domain: "example.com",
      provider: "route53",
      records: [RECORD, { ...RECORD, address: "192.0.2.2" }],
    });
  });
  const records = Object.values(out.resource?.aws_route53_record ?? {});
  expect(records).toHaveLength(1);
  expect(records[0]).toMatchObject({
    name: "www.example.com",
    type: "A",
    ttl: 300,
    records: ["192.0.2.1", "192.0.2.2"],
  });
});

test("a child is delegated in its parent, with its DS once it is published", () => {
  const json = (phase: "sign" | "publish") =>
    synth((stack) => {
      const parent = new Zone(stack, "parent", {
        domain: "example.com",
        provider: "cloudflare",
        records: [],
      });
      new Zone(stack, "child", {
        domain: "live.example.com",
        provider: "route53",
        dnssec: phase,
        parent,
        records: [],
      });
    });
  const types = (phase: "sign" | "publish") =>
    Object.values(json(phase).resource?.cloudflare_dns_record ?? {})
      .map(({ type }) => type)
      .sort();
  expect(types("sign")).toEqual(["NS", "NS", "NS", "NS"]);
  expect(types("publish")).toEqual(["DS", "NS", "NS", "NS", "NS"]);
});

test("zones and signing keys are not destroyed by a plan", () => {
  const out = synth(
    (stack) =>
      new Zone(stack, "zone", { domain: "example.com", provider: "route53", dnssec: "sign", records: [] }),
  );
  for (const type of ["aws_route53_zone", "aws_kms_key", "aws_route53_key_signing_key"]) {
    expect(Object.values(out.resource?.[type] ?? {})).toMatchObject([
      { lifecycle: { prevent_destroy: true } },
    ]);
  }
});

test("clients elsewhere need an answer", () => {
  const host = { id: "eu-1", address: "192.0.2.1", name: "eu-1.example.com" };
  const answers = (serves: readonly ("*" | { continent: string })[]) => () =>
    synth(
      (stack) =>
        new GeoAnswers(stack, "geo", {
          zoneId: "Z1",
          name: "stream.example.com",
          pools: { eu: { hosts: [host], serves } },
        }),
    );
  expect(answers([{ continent: "EU" }])).toThrow(/"stream.example.com" has no "\*" answer/);
  expect(answers(["*", "*"])).toThrow(/default is answered by two pools/);
  const out = answers([{ continent: "EU" }, "*"])();
  expect(
    Object.values(out.resource?.aws_route53_record ?? {})
      .map(({ set_identifier }) => set_identifier)
      .sort(),
  ).toEqual(["continent-EU", "default", "eu-1"]);
  expect(Object.values(out.resource?.aws_route53_health_check ?? {})).toMatchObject([
    { type: "HTTPS", resource_path: "/health/ready", fqdn: "eu-1.example.com", enable_sni: true },
  ]);
});
