import { expect, test } from "vitest";
import { loadPlatform } from "../../platform/load.ts";
import { type Starter, starterText } from "../../platform/starter.ts";

const starter = (regions: Record<string, string[]>): Starter => ({
  domain: "example.org",
  regions: new Map(Object.entries(regions)),
});
const load = (regions: Record<string, string[]>) =>
  loadPlatform(starterText(starter(regions)), { file: "platform.yaml" }).platform;

test("one region: a zone whose records are its hosts", () => {
  const { platform, zones, regions } = load({ eu: ["203.0.113.7", "2001:db8::1", "10.10.0.1"] });
  expect(platform).toBe("example");
  expect(zones["example.org"]).toMatchObject({
    provider: "cloudflare",
    records: [
      { owner: "stream.example.org", type: "A", values: ["203.0.113.7", "10.10.0.1"] },
      { owner: "stream.example.org", type: "AAAA", values: ["2001:db8::1"] },
    ],
  });
  const hosts = Object.entries(regions.eu?.hosts ?? {});
  expect(hosts.map(([name, { private: own, roles }]) => [name, own, roles])).toEqual([
    ["eu-1", "10.11.0.1", ["edge", "relay", "cache"]],
    ["eu-2", "10.11.0.2", ["edge", "relay"]],
    ["eu-3", "10.11.0.3", ["edge", "relay"]],
  ]);
});

test("several regions: a zone that answers by where a client is, each place once", () => {
  const { zones, regions } = load({
    frankfurt: ["203.0.113.7"],
    us: ["203.0.113.8"],
    sa: ["203.0.113.9"],
    de: ["203.0.113.10"],
  });
  expect(zones["example.org"]).toMatchObject({ provider: "route53", answers: { stream: "by-region" } });
  expect(Object.values(regions).map(({ serves }) => serves)).toEqual([
    ["*"],
    [{ continent: "NA" }, { continent: "SA" }],
    [],
    [{ country: "DE" }],
  ]);
});

test("a domain that begins with a digit gives no name to a platform", () => {
  const text = starterText({ domain: "4x4.example.org", regions: new Map([["eu", ["203.0.113.7"]]]) });
  expect(loadPlatform(text, { file: "platform.yaml" }).platform.platform).toBe("platform");
});
