import { expect, test } from "vitest";
import type { Platform } from "../../platform/schema.ts";
import { leavingEdges } from "../../stacks/leaving.ts";

type Retire = true | "purge" | "lost" | undefined;

function leaving(
  retire: Readonly<Record<string, Retire>>,
  { live = true, answers = { stream: "by-region" } }: { live?: boolean; answers?: object } = {},
) {
  const host = (name: string, ...roles: string[]) => [
    name,
    { address: `192.0.2.${name.slice(-1)}`, roles, ...(retire[name] && { retire: retire[name] }) },
  ];
  const hosts = Object.fromEntries([
    host("eu-1", "edge", "relay"),
    host("eu-2", "edge"),
    host("eu-3", "relay"),
  ]);
  return leavingEdges(
    {
      zones: { "example.org": { ttl: 30, answers: {} }, "live.example.org": { ttl: 900, answers } },
      regions: { eu: { live, hosts } },
      edge: { zone: "example.org" },
    } as unknown as Platform,
    "eu",
  );
}

test("an edge that retires leaves, alive or dead, and its answers live a minute", () => {
  expect(leaving({ "eu-1": true })).toEqual([{ host: "eu-1", address: "192.0.2.1", ttl: 60 }]);
  expect(leaving({ "eu-2": "lost" }).map(({ host }) => host)).toEqual(["eu-2"]);
  expect(leaving({ "eu-3": true })).toEqual([]);
});

test("where nothing answers by region an edge has its own name alone, with the ttl of its zone", () => {
  expect(leaving({ "eu-1": "purge" }, { answers: {} })).toMatchObject([{ host: "eu-1", ttl: 30 }]);
});

test("of a region that is not live any more all edges leave once a host of it retires", () => {
  expect(leaving({ "eu-3": true }, { live: false }).map(({ host }) => host)).toEqual(["eu-1", "eu-2"]);
  expect(leaving({}, { live: false })).toEqual([]);
});
