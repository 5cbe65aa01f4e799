import { Testing } from "cdktf";
import { expect, test } from "vitest";
import type { Platform } from "../../platform/schema.ts";
import { TrafficStack } from "../../stacks/traffic.ts";

const host = { address: "192.0.2.1", roles: ["edge"] };

test("answers whose ids would be the same stand beside each other", () => {
  const platform = {
    state: "local",
    zones: {
      "live.example.org": { ttl: 60, answers: { "a-b": "by-region", a: "by-region" } },
      "b-live.example.org": { ttl: 60, answers: { a: "by-region" } },
      "a.live.example.org": { ttl: 60, answers: { b: "by-region" } },
    },
    regions: {
      eu: { live: true, serves: ["*"], hosts: { "west-1": host } },
      "eu-west": { live: true, serves: [{ continent: "EU" }], hosts: { "1": host } },
    },
    edge: { zone: "example.org" },
  } as unknown as Platform;
  const json = Testing.synth(
    new TrafficStack(Testing.app(), "traffic", { platform, source: "../platform.yaml" }),
    true,
  );
  const { data, resource } = JSON.parse(json) as Record<
    string,
    Record<string, Record<string, { name: string }>>
  >;
  expect(Object.keys(data?.aws_route53_zone ?? {})).toHaveLength(3);
  const names = Object.values(resource?.aws_route53_record ?? {}).map(({ name }) => name);
  // Each of the four names answers in two places, from two pools of one host.
  expect(new Set(names).size).toBe(4 * 3);
  expect(names).toHaveLength(4 * 4);
});

test("a host is asked for its health once for all names, and answers live a minute whatever the zone's ttl", () => {
  const platform = {
    platform: "x",
    state: "local",
    zones: { "live.example.org": { ttl: 300, answers: { a: "by-region", b: "by-region" } } },
    regions: { eu: { live: true, serves: ["*"], hosts: { one: host, two: { ...host, address: "::1" } } } },
    edge: { zone: "example.org" },
  } as unknown as Platform;
  const stack = new TrafficStack(Testing.app(), "traffic", { platform, source: "../platform.yaml" });
  const { resource } = JSON.parse(Testing.synth(stack, true)) as {
    resource: Record<string, Record<string, { healthCheckId?: string; ttl?: number; type: string }>>;
  };
  expect(Object.keys(resource.aws_route53_health_check ?? {})).toHaveLength(2);
  const pools = Object.values(resource.aws_route53_record ?? {}).filter(({ ttl }) => ttl !== undefined);
  expect(pools.map(({ ttl, type }) => [type, ttl])).toEqual([
    ["A", 60],
    ["AAAA", 60],
    ["A", 60],
    ["AAAA", 60],
  ]);
});
