import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadPlatform } from "../../platform/load.ts";
import { rules } from "../../platform/rules/all.ts";
import { faultsOf } from "./faults.ts";

const CASES = join(import.meta.dirname, "cases");
const DNB1ST = readFileSync("platform.yaml", "utf8");
/** Proven beside the other limits: its case would be a file of 64 KiB. */
const ELSEWHERE: readonly string[] = ["txt-length"];
const cases = readdirSync(CASES).filter((name) => name.endsWith(".yaml"));

test.for(["platform.yaml", "test/lab/platform.yaml"])("%s loads", (file) => {
  const { platform, overrides } = loadPlatform(readFileSync(file, "utf8"), { file });
  expect(Object.keys(platform.regions).length).toBeGreaterThan(0);
  expect(overrides).toEqual([]);
});

test("defaults are filled in and quantities are read", () => {
  const { platform } = loadPlatform(DNB1ST, { file: "platform.yaml" });
  expect(platform.regions.ru?.hosts["ru-1"]).toMatchObject({ memory: 32 * 1024, kernel: "own" });
  expect(platform.cache?.maxmemory).toBe(2 * 1024);
  expect(platform.local.directory).toBe(".soundstage/local");
});

test("the least platform has a value for everything that needs one", () => {
  const { platform } = loadPlatform("platform: least\n", { file: "platform.yaml" });
  expect(platform).toEqual({
    platform: "least",
    example: false,
    release: "workspace",
    state: "local",
    zones: {},
    certificates: {},
    regions: {},
    relay: { workers: 1, demo: false },
    local: { port: 8080, demo: true, directory: ".soundstage/local" },
  });
});

test("a secret may stand in a file that sops encrypted", () => {
  const reference = { sops: "secrets.yaml", key: "relay.broadcast-token", version: 2 };
  const text = `platform: x\nrelay: { broadcastToken: ${JSON.stringify(reference)} }\n`;
  expect(loadPlatform(text, { file: "platform.yaml" }).platform.relay.broadcastToken).toEqual(reference);
});

test("a certificate has room for the name of its edge", () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}.example.com`);
  const text = (count: number) =>
    `platform: x\ncertificates: { web: { names: [${names(count).join(", ")}], source: { private-ca: {} } } }\nauthority: { certificate: { file: a }, key: { file: b } }\n`;
  expect(loadPlatform(text(99), { file: "x.yaml" }).platform.certificates.web?.names).toHaveLength(99);
  expect(faultsOf(text(100)).message).toMatch(/at most 99/);
});

test("a code that is a continent's and a country's means the continent, unless the file says country", () => {
  const text = DNB1ST.replace("serves: [NA, SA]", 'serves: [NA, SA, "country:SA", country:NA, JP]');
  const { platform } = loadPlatform(text, { file: "platform.yaml" });
  expect(platform.regions.us?.serves).toEqual([
    { continent: "NA" },
    { continent: "SA" },
    { country: "SA" },
    { country: "NA" },
    { country: "JP" },
  ]);
  expect(platform.regions.ru?.serves).toEqual([{ country: "RU" }, "*"]);
});

test("records carry absolute names, whichever way they were written", () => {
  const text = DNB1ST.replace("target: sip }", "target: sip.dnb1st.ru. }").replace(
    "target: mx1.beget.com",
    'target: "@"',
  );
  const zone = loadPlatform(text, { file: "platform.yaml" }).platform.zones["dnb1st.ru"];
  const row = (name: string) => zone?.records.find((record) => record.name === name);
  expect(row("@")?.owner).toBe("dnb1st.ru");
  expect(row("_sip._tcp")).toMatchObject({ owner: "_sip._tcp.dnb1st.ru", target: "sip.dnb1st.ru" });
  expect(row("_minecraft._tcp")).toMatchObject({ target: "mc.dnb1st.ru" });
  expect(row("cdn")).toMatchObject({ owner: "cdn.dnb1st.ru", target: "d111111abcdef8.cloudfront.net" });
  expect(zone?.mail).toMatchObject({ mx: [{ target: "dnb1st.ru" }, { target: "mx2.beget.com" }, {}] });
});

test.for(cases)("case %s", async (name) => {
  const text = readFileSync(join(CASES, name), "utf8");
  const said = name.startsWith("sound-") ? sound(text, name) : faultsOf(text, { file: name }).message;
  await expect(`${said}\n`).toMatchFileSnapshot(join(CASES, name.replace(".yaml", ".txt")));
  expect(said).not.toContain("tomorrow-never-knows");
});

function sound(text: string, file: string): string {
  return `platform ${loadPlatform(text, { file }).platform.platform}: no faults`;
}

test("twelve different faults give twelve located messages at once", () => {
  const { faults } = faultsOf(readFileSync(join(CASES, "twelve-faults.yaml"), "utf8"));
  expect(new Set(faults.map(({ message }) => message)).size).toBeGreaterThanOrEqual(12);
  expect(faults.every(({ line, column }) => line && column)).toBe(true);
  expect(faults.map(({ line }) => line)).toEqual(
    faults.map(({ line }) => line).sort((a, b) => Number(a) - Number(b)),
  );
});

test("every rule has a case that it refuses", () => {
  const said = cases
    .map((name) => readFileSync(join(CASES, name.replace(".yaml", ".txt")), "utf8"))
    .join("\n");
  const unproven = rules
    .map(({ id }) => id)
    .filter((id) => !ELSEWHERE.includes(id) && !said.includes(`[${id}]`));
  expect(unproven).toEqual([]);
});

test("a fault of one host is not said again as a missing member of its cluster", () => {
  const { faults } = faultsOf(DNB1ST.replace("cpus: 8", "cpus: eight").replace("10.10.0.4", "10.10.0.400"));
  expect(faults.map(({ message }) => message)).toEqual([
    'expected a whole number, found "eight"',
    'expected an IPv4 or IPv6 address, found "10.10.0.400"',
  ]);
});

test("lines that end with CR LF and a byte order mark change no place", () => {
  const [fault] = faultsOf(`\uFEFF${DNB1ST.replace("cpus: 8", "cpus: x").replaceAll("\n", "\r\n")}`).faults;
  const line = DNB1ST.slice(0, DNB1ST.indexOf("cpus: 8")).split("\n").length;
  expect(fault).toMatchObject({ line, column: 15 });
});

test("the value of an unknown key of a record is shown, since all of a record is published", () => {
  const { message } = faultsOf(DNB1ST.replace("name: ws, type: A, value:", "name: ws, type: A, address:"));
  expect(message).toContain("address: 176.108.246.49");
});

test("a provider that answers no challenge is one fault", () => {
  const { faults } = faultsOf(DNB1ST.replace("acme: { dns: cloudflare", "acme: { dns: route53"));
  expect(faults).toHaveLength(1);
});
