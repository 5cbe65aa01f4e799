import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { orderNotes, resolversNote } from "../../../converge/deploy/leaving.ts";
import { inOrder, stacksToDeploy } from "../../../converge/deploy/stacks.ts";

const STACKS = ["traffic", "region-us", "zones", "region-eu"];
const eu1 = { host: "eu-1", address: "192.0.2.1", ttl: 300 };
const leaving = new Map([["region-us", [eu1]]]);

test("stacks go zones first, then regions, then traffic", () => {
  expect(inOrder(STACKS)).toEqual(["zones", "region-us", "region-eu", "traffic"]);
  expect(orderNotes(STACKS, STACKS, new Map())).toEqual([]);
});

test("traffic goes before a region whose edges leave, and after those that it may point to instead", () => {
  expect(inOrder(STACKS, leaving)).toEqual(["zones", "region-eu", "traffic", "region-us"]);
  expect(orderNotes(STACKS, STACKS, leaving)).toEqual([
    "traffic goes before region-us (eu-1), whose edges leave: no client is sent to a host that goes",
  ]);
});

test("which edges leave is read from what was synthesized", () => {
  const output = mkdtempSync(join(tmpdir(), "stacks-"));
  writeFileSync(
    join(output, "manifest.json"),
    JSON.stringify({ stacks: Object.fromEntries(STACKS.map((stack) => [stack, {}])) }),
  );
  for (const stack of ["region-us", "region-eu"]) {
    mkdirSync(join(output, "stacks", stack), { recursive: true });
    const region = {
      format: 1,
      stack,
      platform: "",
      example: false,
      hosts: [],
      ...(leaving.has(stack) && { leaving: leaving.get(stack) }),
    };
    writeFileSync(join(output, "stacks", stack, "region.json"), JSON.stringify(region));
  }
  expect(stacksToDeploy(output, [])).toEqual(["zones", "region-eu", "traffic", "region-us"]);
  expect(stacksToDeploy(output, ["region-us", "traffic"])).toEqual(["traffic", "region-us"]);
});

test("where traffic is not deployed with such a region it is said, unless there is none", () => {
  expect(orderNotes(["region-us"], STACKS, leaving)).toEqual([
    expect.stringContaining("answers may still name them; soundstage deploy traffic takes them out"),
  ]);
  expect(orderNotes(["region-eu"], STACKS, leaving)).toEqual([]);
  expect(orderNotes(["region-us"], ["region-us", "zones"], leaving)).toEqual([]);
});

test("it is said for how long resolvers may still send clients to an edge that leaves", () => {
  expect(resolversNote([eu1, { host: "eu-2", address: "192.0.2.2", ttl: 60 }])).toBe(
    "eu-1 (192.0.2.1), eu-2 (192.0.2.2): resolvers may still answer with this for up to 300 s after zones and traffic were applied without it",
  );
  expect(resolversNote([])).toBeUndefined();
  expect(resolversNote([{ ...eu1, ttl: 0 }])).toBeUndefined();
});
