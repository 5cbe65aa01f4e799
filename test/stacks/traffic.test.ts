import { Testing } from "cdktf";
import { expect, test } from "vitest";
import type { Platform } from "../../platform/schema.ts";
import { TrafficStack } from "../../stacks/traffic.ts";

test("answers whose ids would be the same stand beside each other", () => {
  const host = { address: "192.0.2.1", roles: ["edge"] };
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
