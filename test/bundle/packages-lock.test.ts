import { expect, test } from "vitest";
import { lockText, readLock } from "../../bundle/packages-lock.ts";
import { plainText } from "../../bundle/plain.ts";
import { bundleOf } from "../constructs/hosts.ts";

test("a lock is sorted, and reads back as what it was", () => {
  const lock = {
    trixie: { ab: "2" },
    bookworm: { "postgresql-15": "15.14-0+deb12u1", "g++": "4:12.2.0-3~x" },
  };
  expect(lockText(lock)).toBe(
    '{\n  "bookworm": {\n    "g++": "4:12.2.0-3~x",\n    "postgresql-15": "15.14-0+deb12u1"\n  },\n  "trixie": {\n    "ab": "2"\n  }\n}\n',
  );
  expect(readLock(lockText(lock), "packages.lock")).toEqual(lock);
});

test.for([
  ["no JSON", "bookworm: {}", /packages\.lock: it is no JSON object; `soundstage packages lock` writes it/],
  ["a list", "[]", /it is no JSON object/],
  ["a release without packages", '{"bookworm": "1"}', /"bookworm" is no object of packages/],
  ["a name of two words", '{"bookworm": {"a b": "1"}}', /"a b" of bookworm is no name/],
  ["a version of two words", '{"bookworm": {"ab": "1 -o x"}}', /the version of ab of bookworm is "1 -o x"/],
  ["a version that is a number", '{"bookworm": {"ab": 15}}', /the version of ab of bookworm is 15/],
] as const)("a lock is refused: %s", ([, text, message]) => {
  expect(() => readLock(text, "packages.lock")).toThrow(message);
});

test("a host's packages carry the versions that its release pins, and no other's", () => {
  const lock = { bookworm: { b: "1.2-3" }, trixie: { a: "9" } };
  const { manifest } = bundleOf((host) => host.package(host, "b", "a"), { lock });
  expect(manifest.packages).toEqual(["a", "b=1.2-3"]);
  expect(plainText(manifest).split("\n").slice(1)).toEqual(["package\ta", "package\tb\t1.2-3", ""]);
});
