import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { loadPlatform, PlatformFaults } from "../../platform/load.ts";

const DNB1ST = readFileSync("platform.yaml", "utf8");
const CANARY = "Xk-canary-of-the-test-27";
const REFERENCES = [...DNB1ST.matchAll(/(\w+): (\{ (?:env|file): [^}]*\})/g)].map((match) => ({
  key: match[1] as string,
  start: match.index + (match[1] as string).length + 2,
  end: match.index + match[0].length,
}));
const SECRETS = REFERENCES.filter(({ key }) => key !== "certificate");

/** What loading says, or nothing where it loads; whatever else it throws fails the test. */
function said(text: string): string {
  try {
    loadPlatform(text, { file: "platform.yaml" });
    return "";
  } catch (error) {
    if (error instanceof PlatformFaults) return error.message;
    throw error;
  }
}

const junk = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.stringMatching(/^[-\s:,{}[\]"'&*!|>#%@`\t]{1,8}$/),
  fc.constantFrom(
    "\n",
    "\n\t",
    "---\n",
    "&a ",
    "*a ",
    "<<: ",
    "null",
    "__proto__: ",
    "[[[[",
    "{{{{",
    "\r\n",
    "'",
    '"',
  ),
);
const place = fc.nat(DNB1ST.length);

test("whatever is done to the file, it loads or says what is wrong", { timeout: 120_000 }, () => {
  const edits = fc.array(fc.tuple(place, fc.nat(60), junk), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(edits, (list) => {
      const text = list.reduce(
        (result, [at, length, insert]) => result.slice(0, at) + insert + result.slice(at + length),
        DNB1ST,
      );
      said(text);
    }),
    { numRuns: 300 },
  );
});

test("a file that is cut off anywhere loads or says what is wrong", { timeout: 120_000 }, () => {
  fc.assert(
    fc.property(place, (end) => {
      said(DNB1ST.slice(0, end));
    }),
    { numRuns: 150 },
  );
});

test("a secret that stands in the file is shown nowhere, whatever else is wrong", {
  timeout: 120_000,
}, () => {
  const forms = fc.constantFrom(
    CANARY,
    `"${CANARY}"`,
    `'${CANARY}'`,
    `[${CANARY}]`,
    `{ ${CANARY}, version: 1 }`,
    `{ env: ${CANARY}, version: 1 }`,
    `{ value: ${CANARY} }`,
    `{ ${CANARY}: 1 }`,
    `|\n      ${CANARY}`,
    `"${CANARY}`,
    `{ ${CANARY}`,
  );
  fc.assert(
    fc.property(fc.constantFrom(...SECRETS), forms, place, junk, ({ key, start, end }, form, at, insert) => {
      // The other fault leaves the line of the secret and its key whole: what they mean could not be told otherwise.
      const lineStart = DNB1ST.lastIndexOf("\n", start) + 1;
      const lineEnd = DNB1ST.indexOf("\n", end);
      const before = DNB1ST.slice(0, start);
      const after = DNB1ST.slice(end);
      const broken =
        at < lineStart
          ? `${before.slice(0, at)}${insert}${before.slice(at)}${form}${after}`
          : at > lineEnd
            ? `${before}${form}${after.slice(0, at - end)}${insert}${after.slice(at - end)}`
            : `${before}${form}${after}`;
      const message = said(broken);
      expect(message, `${key}: ${form}`).not.toContain(CANARY);
    }),
    { numRuns: 600 },
  );
});

test("every place of a secret refuses one in the clear, and says so", () => {
  for (const { start, end } of SECRETS) {
    const message = said(DNB1ST.slice(0, start) + CANARY + DNB1ST.slice(end));
    expect(message).toContain("[secret-in-clear]");
    expect(message).toContain("1 fault in");
    expect(message).not.toContain(CANARY);
  }
  expect(SECRETS).toHaveLength(8);
});

type Schema = {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly { readonly required?: readonly string[] }[];
};

/** Keys whose values are references to secrets, wherever in the schema they stand. */
function secretKeys(node: unknown): string[] {
  if (node === null || typeof node !== "object") return [];
  const own = Object.entries((node as Schema).properties ?? {}).flatMap(([key, { anyOf }]) =>
    anyOf?.some(({ required }) => required?.join() === "env,version") ? [key] : [],
  );
  return [...new Set([...own, ...Object.values(node).flatMap(secretKeys)])].sort();
}

test("of a text that is no YAML, no value of a key that holds a secret is shown", () => {
  const keys = secretKeys(JSON.parse(readFileSync("platform.schema.json", "utf8")));
  expect(keys).toEqual([
    "application",
    "broadcastToken",
    "passphrase",
    "password",
    "replication",
    "rewind",
    "superuser",
    "token",
  ]);
  for (const key of [...keys, "key"]) {
    for (const quote of ["", '"', "'"]) {
      const message = said(`platform: x\nbroken{{:\n    ${quote}${key}${quote}: "${CANARY}\n`);
      expect(message).toContain("[yaml-syntax]");
      expect(message, key).not.toContain(CANARY);
    }
  }
});

test("nor the value of such a key that is misspelled, or that stands in the line before", () => {
  const keys = secretKeys(JSON.parse(readFileSync("platform.schema.json", "utf8")));
  for (const key of keys) {
    const letters = [...Array(key.length).keys()].slice(1);
    const misspelled = [
      ...letters.map((at) => key.slice(0, at) + key.slice(at + 1)),
      ...letters.map((at) => `${key.slice(0, at)}${key[at]}${key.slice(at)}`),
    ];
    for (const word of [...misspelled, `? ${key}\n    `, `? ${key}\n    :\n     `]) {
      const line = word.startsWith("?") ? word.replace(/\n {4}$/, "\n    : ") : `${word}: `;
      const message = said(`platform: x\ncache:\n    ${line}"${CANARY}\n`);
      expect(message, word).toContain("[yaml-syntax]");
      expect(message, word).not.toContain(CANARY);
    }
  }
});
