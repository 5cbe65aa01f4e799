import { readFileSync } from "node:fs";
import { Testing } from "cdktf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { loadPlatform, PlatformFaults } from "../../platform/load.ts";
import type { Platform } from "../../platform/schema.ts";
import { LocalStack } from "../../stacks/local.ts";
import { RegionStack } from "../../stacks/region.ts";
import { stackRules } from "../../stacks/rules.ts";
import { TrafficStack } from "../../stacks/traffic.ts";
import { ZonesStack } from "../../stacks/zones.ts";
import { NO_ARTIFACT } from "../constructs/hosts.ts";
import { faultsOf } from "../platform/faults.ts";

const DNB1ST = readFileSync("platform.yaml", "utf8");
const RULES = stackRules(["workspace", "0.1.0"]);

const LONG = `${"a".repeat(50)}.${"b".repeat(20)}.dnb1st.ru`;
const NGINX = "worker_connections: 16384";
const PATRONI = "ttl: 20, loop_wait: 5, retry_timeout: 5";
const POSTGRESQL = "max_connections: 200";

/** Rule, what is replaced by what, and the text at whose beginning the fault is. */
const CASES = [
  ["nginx-setting", NGINX, "worker_conections: 16384", "16384"],
  ["nginx-setting", NGINX, "worker_connections: 1e9", "1e9"],
  ["nginx-setting", "keepalive_timeout: 65s", "keepalive_timeout: soon", "soon"],
  ["nginx-setting", NGINX, "constructor: 1", "1"],
  ["host-memory", "memory: 32GiB", "memory: 255MiB", "255MiB"],
  ["cache-memory", "maxmemory: 2GiB", "maxmemory: 100GiB", "100GiB"],
  ["cache-memory", "maxmemory: 2GiB", "maxmemory: 1MiB", "1MiB"],
  ["capacity-workers", "listeners: 20000", "listeners: 1", "1"],
  ["guc-typed", POSTGRESQL, "max_connections: 0.5", "0.5"],
  ["guc-typed", POSTGRESQL, 'max_connections: "0x20"', '"0x20"'],
  ["guc-typed", POSTGRESQL, "work_mem: .inf", ".inf"],
  ["owned-guc", POSTGRESQL, "port: 1", "1"],
  ["database-name", "name: music", "name: global", "global"],
  ["closed-keys", PATRONI, "constructor: 1", "1"],
  ["dynamic-typed", PATRONI, "ttl: 1e300", "1e300"],
  ["dynamic-typed", PATRONI, "ttl: 30.5", "30.5"],
  ["dynamic-typed", PATRONI, 'ttl: "0x20"', '"0x20"'],
  ["dynamic-typed", PATRONI, "failsafe_mode: perhaps", "perhaps"],
  ["dynamic-typed", PATRONI, "synchronous_node_count: 1.5", "1.5"],
  ["sync-members", PATRONI, "synchronous_node_count: 3", "3"],
  ["ttl-budget", PATRONI, "retry_timeout: 20", "20"],
  ["certificate-common-name", "names: [dnb1st.ru,", `names: [${LONG}, dnb1st.ru,`, "aaaa"],
  ["release-known", "release: workspace", "release: 9.9.9", "9.9.9"],
  ["release-known", "    serves: [EU]", "    serves: [EU]\n    release: 9.9.9", "9.9.9"],
] as const;

test.for(CASES)("%s is said where it stands: %s → %s", ([rule, before, after, at]) => {
  const text = DNB1ST.replace(before, after);
  const lines = text.slice(0, DNB1ST.indexOf(before) + after.indexOf(at)).split("\n");
  const { faults } = faultsOf(text, { rules: RULES });
  expect(faults).toMatchObject([{ rule, line: lines.length, column: (lines.at(-1) as string).length + 1 }]);
});

test("a cluster of too few hosts is one fault, and not one of its settings too", () => {
  const text = DNB1ST.replaceAll("roles: [database]", "roles: [relay]").replace(
    "roles: [relay]",
    "roles: [database]",
  );
  expect(faultsOf(text, { rules: RULES }).faults.map(({ rule }) => rule)).toEqual(["database-quorum"]);
});

test("region-hosts is said at the hosts of a region whose names do not fit", () => {
  const row = (index: number) =>
    `      h${index}-${"x".repeat(50)}: { address: 198.18.${index >> 8}.${index & 255}, roles: [relay], cpus: 1, memory: 1GiB }`;
  const rows = Array.from({ length: 1250 }, (_, index) => row(index));
  const text = `platform: large\nstate: local\nregions:\n  eu:\n    hosts:\n${rows.join("\n")}\n`;
  const { faults } = faultsOf(text, { rules: RULES });
  expect(faults.filter(({ rule }) => rule === "region-hosts")).toMatchObject([{ line: 5, column: 5 }]);
});

test("every rule of what is built has a case that it refuses", () => {
  // Of the number of a database's hosts the file's own rules speak before this one.
  const proven: readonly string[] = [...CASES.map(([rule]) => rule), "region-hosts", "etcd-quorum"];
  expect(RULES.map(({ id }) => id).filter((id) => !proven.includes(id))).toEqual([]);
});

test("a release that is set for one run is judged as well, where it was set", () => {
  const { faults } = faultsOf(DNB1ST, { rules: RULES, set: "regions.eu.release=9.9.9" });
  expect(faults).toMatchObject([{ rule: "release-known", source: "SOUNDSTAGE_SET: regions.eu.release" }]);
});

/** As the app does, without what only synthesis adds. */
function build(platform: Platform): void {
  const app = Testing.app();
  const source = "../platform.yaml";
  const releases = new Map(["workspace", "0.1.0"].map((name) => [name, NO_ARTIFACT]));
  const artifacts = { releases, node: NO_ARTIFACT };
  new ZonesStack(app, "zones", { platform, source });
  for (const region of Object.keys(platform.regions))
    new RegionStack(app, `region-${region}`, { platform, source, region, artifacts });
  new TrafficStack(app, "traffic", { platform, source });
  new LocalStack(app, "local", { platform, source, artifacts });
}

const value = fc.oneof(
  fc.constantFrom("abc", "true", "perhaps", '""', "auto", '"1e3"', "0x20", "65s", "1m", `${"9".repeat(20)}s`),
  fc.constantFrom("-1", "0", "0.5", "1", "16", "64", "4096", "1e300", ".nan"),
);
const key = fc.constantFrom(
  ...["worker_processes", "worker_connections", "keepalive_requests", "keepalive_timeout", "constructor"],
  ...["client_max_body_size", "ttl", "loop_wait", "failsafe_mode", "synchronous_node_count"],
  "max_connections",
);
const setting = fc.tuple(key, value).map((pair) => pair.join(": "));
const size = fc.constantFrom("1MiB", "15MiB", "16MiB", "255MiB", "256MiB", "1GiB", "6GiB", "100GiB");
const roles = fc.constantFrom(
  ...["relay", "relay, edge", "database", "cache", "backup", "cache, backup", "relay, cache"],
);

/** Another value in the place of one of the file's. */
const edit = fc.oneof(
  fc.tuple(fc.constantFrom(NGINX, PATRONI, POSTGRESQL), setting),
  fc.tuple(
    fc.constantFrom("memory: 8GiB", "memory: 32GiB"),
    size.map((text) => `memory: ${text}`),
  ),
  fc.tuple(
    fc.constant("maxmemory: 2GiB"),
    size.map((text) => `maxmemory: ${text}`),
  ),
  fc.tuple(
    fc.constant("listeners: 20000"),
    fc.integer({ min: 1, max: 70 }).map((count) => `listeners: ${count}`),
  ),
  fc.tuple(
    fc.constant("workers: 3"),
    fc.integer({ min: 1, max: 64 }).map((count) => `workers: ${count}`),
  ),
  fc.tuple(
    fc.constantFrom("roles: [cache]", "roles: [edge, relay, cache]"),
    roles.map((text) => `roles: [${text}]`),
  ),
  fc.tuple(fc.constant("release: workspace"), fc.constantFrom("release: 0.1.0", "release: 9.9.9")),
  fc.tuple(
    fc.constant("names: [dnb1st.ru,"),
    fc.constantFrom(`names: [${LONG}, dnb1st.ru,`, "names: [eu-1.edge.dnb1st.ru, dnb1st.ru,"),
  ),
);

test("what has no faults can be built", { timeout: 240_000 }, () => {
  let built = 0;
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 2 }), (edits) => {
      const text = edits.reduce((result, [from, to]) => result.replace(from, to), DNB1ST);
      let platform: Platform;
      try {
        ({ platform } = loadPlatform(text, { file: "platform.yaml", rules: RULES }));
      } catch (error) {
        if (error instanceof PlatformFaults) return;
        throw error;
      }
      built += 1;
      build(platform);
    }),
    { numRuns: 100 },
  );
  expect(built).toBeGreaterThan(10);
});
