// Lines of the file as faults show them.
import { expect, test } from "vitest";
import { faultsOf } from "./faults.ts";

test.for([
  ["a text that turns round", "abc\u202edef", "abc\\u202edef"],
  ["an isolate", "a\u2066b\u2069", "a\\u2066b\\u2069"],
  ["a character of no width", "a\u200bb", "a\\u200bb"],
  ["a separator of lines", "a\u2028b", "a\\u2028b"],
  ["a control character of the upper half", "a\u009bb", "a\\u009bb"],
] as const)("%s is shown escaped, and the caret stands where it should", ([, raw, escaped]) => {
  const { message, faults } = faultsOf(
    `platform: x\nlocal: { port: 80, directory: a } # ${raw}\n"${raw}": 1\n`,
  );
  expect(message.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}]/u);
  expect(message).toContain(`unknown key "${escaped}"`);
  expect(message).toContain(`   2 | local: { port: 80, directory: a } # ${escaped}\n     |                ^`);
  expect(faults.map(({ line, column }) => [line, column])).toEqual([
    [2, 16],
    [3, 1],
  ]);
});

test("a caret behind what is escaped stands under what it means, and its column is that of the file", () => {
  const line = `local: { directory: "\u202e\u202e", port: 80 }`;
  const { message, faults } = faultsOf(`platform: x\n${line}\n`);
  const said = message.split("\n");
  const shown = said.findIndex((text) => text.includes("port: 80 }"));
  expect(said[shown]?.slice(said[shown + 1]?.indexOf("^"))).toBe("80 }");
  expect(faults).toMatchObject([{ line: 2, column: line.indexOf("80") + 1 }]);
});
