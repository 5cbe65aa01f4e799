import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonSchema } from "../../platform/json-schema.ts";
import { loadPlatform, PlatformFaults } from "../../platform/load.ts";

const CASES = join(import.meta.dirname, "cases");
const DNB1ST = readFileSync("platform.yaml", "utf8");

function faultsOf(text: string, set?: string): PlatformFaults {
  try {
    loadPlatform(text, { file: "platform.yaml", ...(set && { set }) });
  } catch (error) {
    if (error instanceof PlatformFaults) return error;
    throw error;
  }
  throw new Error("the file has no faults");
}

test.for(["platform.yaml", "test/lab/platform.yaml"])("%s loads", (file) => {
  const { platform, overrides } = loadPlatform(readFileSync(file, "utf8"), { file });
  expect(Object.keys(platform.regions).length).toBeGreaterThan(0);
  expect(overrides).toEqual([]);
});

test("defaults are filled in and quantities are read", () => {
  const { platform } = loadPlatform(DNB1ST, { file: "platform.yaml" });
  expect(platform.regions.ru?.hosts["ru-1"]?.memory).toBe(32 * 1024);
  expect(platform.regions.ru?.hosts["ru-1"]?.kernel).toBe("own");
  expect(platform.regions.us?.serves).toEqual([{ continent: "NA" }, { continent: "SA" }]);
  expect(platform.regions.ru?.serves).toEqual([{ country: "RU" }, "*"]);
});

describe("each case of faults", () => {
  test.for(readdirSync(CASES).filter((name) => name.endsWith(".yaml")))("%s", async (name) => {
    const faults = faultsOf(readFileSync(join(CASES, name), "utf8"));
    await expect(`${faults.message}\n`).toMatchFileSnapshot(join(CASES, name.replace(".yaml", ".txt")));
  });
});

test("twelve different faults give twelve located messages, and the secret is not among them", () => {
  const faults = faultsOf(readFileSync(join(CASES, "twelve-faults.yaml"), "utf8"));
  expect(faults.faults.length).toBeGreaterThanOrEqual(12);
  expect(faults.faults.every(({ line, column }) => line && column)).toBe(true);
  expect(faults.message).not.toContain("tomorrow-never-knows");
});

test("a region's parameter is set for one run, validated like the file", () => {
  const { platform, overrides } = loadPlatform(DNB1ST, {
    file: "platform.yaml",
    set: "regions.eu.release=1.5.0,regions.us.live=false",
  });
  expect(platform.regions.eu?.release).toBe("1.5.0");
  expect(platform.regions.us?.live).toBe(false);
  expect(overrides.map(({ path }) => path)).toEqual(["regions.eu.release", "regions.us.live"]);
});

test.for([
  [
    "regions.ue.release=1.5.0",
    /SOUNDSTAGE_SET: regions\.ue\.release: there is no region "ue"; did you mean "eu"\?/,
  ],
  ["regions.eu.relase=1.5.0", /there is no parameter "relase"; did you mean "release"\?/],
  ["zones.dnb1st.ru.ttl=60", /only parameters of regions may be set/],
  ["regions.eu.release", /expected regions\.<name>\.<parameter>=<value>/],
  ["regions.eu.release=latest", /expected workspace or a version/],
] as const)("an override %s is refused", ([set, message]) => {
  expect(faultsOf(DNB1ST, set).message).toMatch(message);
});

test("whatever is done to the file, it loads or gives faults, and shows no secret", () => {
  const secret = "Xk-canary-of-the-test-27";
  const withSecret = DNB1ST.replace("password: { env: REDIS_PASSWORD, version: 1 }", `password: ${secret}`);
  fc.assert(
    fc.property(fc.nat(withSecret.length), fc.nat(40), fc.string({ maxLength: 12 }), (at, length, insert) => {
      const text = withSecret.slice(0, at) + insert + withSecret.slice(at + length);
      try {
        loadPlatform(text, { file: "platform.yaml" });
      } catch (error) {
        if (!(error instanceof PlatformFaults)) throw error;
        expect(error.message.includes(secret) && text.includes(`password: ${secret}`)).toBe(false);
      }
    }),
    { numRuns: 150 },
  );
});

test.for([
  ["", /found nothing/],
  ["- a\n- b\n", /expected a mapping/],
  ["platform: [a\n", /this is not YAML/],
  [
    "a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b, *b, *b, *b]\n",
    /aliases|unknown key/,
  ],
] as const)("%j is no platform file", ([text, message]) => {
  expect(faultsOf(text).message).toMatch(message);
});

test("platform.schema.json is what the schema says: npm run schema writes it", () => {
  expect(readFileSync("platform.schema.json", "utf8")).toBe(jsonSchema());
});
