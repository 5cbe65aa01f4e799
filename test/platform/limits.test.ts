import { expect, test } from "vitest";
import { faultsOf } from "./faults.ts";

const BOMB = [
  "a: &a [x, x, x, x, x, x, x, x, x]",
  ...[..."bcdefghij"].map((name, index) => {
    const before = "abcdefghij"[index];
    return `${name}: &${name} [${Array(9).fill(`*${before}`).join(", ")}]`;
  }),
].join("\n");

test.for([
  ["aliases that multiply", BOMB, /stand for too much/],
  ["an alias of itself", "platform: &a [*a]", /expected a text|expected a name/],
  ["brackets without end", `a: ${"[".repeat(100_000)}`, /nested too deeply/],
  ["braces that close", `a: ${"{b: ".repeat(2000)}1${"}".repeat(2000)}`, /nested too deeply/],
  [
    "indentation without end",
    Array.from({ length: 900 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n"),
    /nested too deeply/,
  ],
  ["dashes without end", "- ".repeat(10_000), /nested too deeply/],
  ["a file of megabytes", "#".repeat(3 << 20), /expected at most 1048576 characters, found 3145728/],
  [
    "a name of the language's own",
    "platform: x\nstate: local\nregions: { __proto__: { hosts: {} } }",
    /can not be a name/,
  ],
  [
    "other names of the language's own",
    "platform: x\nconstructor: 1\ntoString: 2",
    /unknown key "constructor"/,
  ],
  ["control characters", "platform: \u001b[31mred\u0000", /found "\\u001b\[31mred\\u0000"/],
  ["a mapping as key", "{ a: b }: 1", /expected a text as key/],
] as const)("%s is a fault like any other", ([, text, message]) => {
  const { message: said } = faultsOf(text);
  expect(said).toMatch(message);
  expect(said).toMatch(/^platform\.yaml:1:|^platform\.yaml:\d+:/);
  expect(said.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  expect(said.length).toBeLessThan(4000);
});

test("a zone of thousands of records is read in seconds", { timeout: 60_000 }, () => {
  const records = Array.from(
    { length: 5000 },
    (_, n) => `      - { name: h${n}, type: CNAME, target: h${n + 1} }`,
  );
  const text = `platform: large\nstate: local\nzones:\n  example.org:\n    provider: route53\n    records:\n${records.join("\n")}\n`;
  const { faults } = faultsOf(text);
  expect(faults.map(({ rule }) => rule)).toEqual(["cname-target"]);
});

test.for([
  [65_280, []],
  [65_281, ["txt-length"]],
] as const)("a TXT record of %d bytes", ([length, expected]) => {
  const text = `platform: long\nstate: local\nzones:\n  example.org:\n    provider: route53\n    records:\n      - { name: a, type: TXT, text: ${"x".repeat(length)} }\n      - { name: b, type: CNAME, target: . }\n`;
  expect(faultsOf(text).faults.map(({ rule }) => rule)).toEqual([...expected, "cname-target"]);
});

const RECORDS = "platform: x\nstate: local\nzones:\n  example.org:\n    provider: route53\n    records:\n";
const keys = (count: number, row: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => row(n)).join("");

/** Each took minutes where what reads it looks back, or over all of it for each of its parts. */
test.for([
  ["a text of spaces", `${RECORDS}      - { name: a, type: TXT, text: "${" ".repeat(500_000)}" }\n`],
  ["a text of dots", `${RECORDS}      - { name: a, type: TXT, text: "${"a.".repeat(250_000)}" }\n`],
  ["spaces alone", " ".repeat(1 << 20)],
  ["a bracket and empty lines", `a: [\n${"\n".repeat(100_000)}`],
  ["keys that begin with ?", `{${"? a, ".repeat(100_000)}`],
  ["lines that begin with ?", "? a\n".repeat(100_000)],
  ["a long list in brackets", `a: [${"b,".repeat(250_000)}]`],
  ["unknown keys", `platform: x\n${keys(40_000, (n) => `k${n}: 1\n`)}`],
  ["unknown keys of one line", `platform: x\nedge: { ${keys(2400, (n) => `k${n}: 1, `)} }\n`],
  ["more than is read at once", `platform: x\n${keys(60_000, (n) => `k${n}: 1\n`)}`],
  [
    "zones and names of others",
    `platform: x\nstate: local\nzones:\n${keys(3000, (n) => `  a${n}.bb: {}\n`)}edge:\n  names:\n${keys(3000, (n) => `  - n${n}.cc\n`)}`,
  ],
  ["a name of dots", `${RECORDS}      - { name: ${"a.".repeat(250_000)}a, type: CNAME, target: a }\n`],
  [
    "aliases of a long list",
    `platform: x\nzones:\n  z.zz: &z\n    records:\n${"    - {}\n".repeat(9000)}${keys(900, (n) => `  z${n}.zz: *z\n`)}`,
  ],
] as const)("%s is judged in seconds, and says no more than is read", { timeout: 60_000 }, ([, text]) => {
  let said = "";
  try {
    said = faultsOf(text).message;
  } catch (error) {
    // The texts of records are no fault.
    expect((error as Error).message).toBe("the file has no faults");
  }
  expect(said.length).toBeLessThan(100_000);
});

test("of many faults the first are told, and all are counted", () => {
  const { message, faults } = faultsOf(`platform: x\n${keys(500, (n) => `k${n}: 1\n`)}`);
  expect(faults).toHaveLength(500);
  expect(message).toContain("\n\n… and 400 more: mend these first\n\n500 faults in platform.yaml");
  expect(message.match(/unknown key/g)).toHaveLength(100);
});
