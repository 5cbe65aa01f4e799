import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { loadPlatform } from "../../platform/load.ts";
import { faultsOf } from "./faults.ts";

const DNB1ST = readFileSync("platform.yaml", "utf8");

function load(set: string) {
  return loadPlatform(DNB1ST, { file: "platform.yaml", set });
}

test("parameters of regions are set for one run, and told", () => {
  const { platform, overrides } = load("regions.eu.release=1.5.0, regions.us.live=false");
  expect(platform.regions.eu?.release).toBe("1.5.0");
  expect(platform.regions.us?.live).toBe(false);
  expect(overrides).toEqual([
    { path: "regions.eu.release", value: "1.5.0" },
    { path: "regions.us.live", value: false },
  ]);
});

test("a value with commas escapes them", () => {
  const { platform } = load("regions.eu.serves=[EU\\,AF],regions.eu.capacity.listeners=7");
  expect(platform.regions.eu?.serves).toEqual([{ continent: "EU" }, { continent: "AF" }]);
  expect(platform.regions.eu?.capacity).toEqual({ listeners: 7 });
});

test("what one region is given by an alias of another is set for itself alone", () => {
  const text = DNB1ST.replace(
    "capacity: { listeners: 20000 }",
    "capacity: &size { listeners: 20000 }",
  ).replace("capacity: { listeners: 10000 }", "capacity: *size");
  const { platform } = loadPlatform(text, { file: "platform.yaml", set: "regions.eu.capacity.listeners=5" });
  expect(platform.regions.eu?.capacity.listeners).toBe(5);
  expect(platform.regions.ru?.capacity.listeners).toBe(20_000);
});

test("nothing set is no override", () => {
  expect(load(" , ").overrides).toEqual([]);
});

test.for([
  ["regions.ue.release=1.5.0", 'regions.ue.release: there is no region "ue"; did you mean "eu"?'],
  ["regions.constructor.live=true", 'there is no region "constructor"; there are ru, eu, us, asia'],
  ["regions.eu.relase=1.5.0", 'there is no parameter "relase"; did you mean "release"?'],
  ["regions.eu.hosts.eu-1.cpus=4", 'there is no parameter "hosts.eu-1.cpus"'],
  ["zones.dnb1st.ru.ttl=60", "zones.dnb1st.ru.ttl: expected regions.<name>.<parameter>=<value>"],
  ["regions.eu.release", "regions.eu.release: expected regions.<name>.<parameter>=<value>, found no ="],
  ["regions.eu.release=", "regions.eu.release: expected a value as in the file"],
  ["regions.eu.release=[1.5.0", "regions.eu.release: expected a value as in the file"],
  ["regions.eu.live=*anchor", "regions.eu.live: expected a value as in the file"],
  ["regions.eu.live=true,regions.eu.live=false", "regions.eu.live: this is set twice"],
  [
    "regions.eu.release=latest",
    'regions.eu.release: expected workspace or a version such as 1.5.0, found "latest"',
  ],
  ["regions.eu.release=1.5", "regions.eu.release: expected workspace or a version such as 1.5.0, found 1.5"],
  ["regions.eu.capacity.listeners=0", "regions.eu.capacity.listeners: expected at least 1, found 0"],
  ["regions.eu.capacity.listners=5", 'did you mean "capacity.listeners"?'],
] as const)("SOUNDSTAGE_SET=%s is refused where it stands", ([set, message]) => {
  const { message: said, faults } = faultsOf(DNB1ST, { set });
  expect(said).toContain(message);
  expect(said).toContain("SOUNDSTAGE_SET: ");
  expect(faults).toMatchObject([{ rule: "override" }]);
});

test("what is set and does not fit another row is told where that stands, with what was set", () => {
  const { message, faults } = faultsOf(DNB1ST, { set: "regions.eu.serves=[EU\\,NA]" });
  expect(faults).toMatchObject([{ rule: "serves-once", column: 14 }]);
  expect(message).toContain('region "eu" serves this already');
  expect(message).toContain("1 fault in platform.yaml, with regions.eu.serves set for this run");
});

test("what is set is held against the rest of the file", () => {
  const { message } = faultsOf(DNB1ST, { set: "regions.ru.live=false" });
  expect(message).toContain('expected a live region that serves "*", found none');
});
