import { chmodSync, mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { writePlatform } from "../../bin/platform-file.ts";
import { withPin } from "../../platform/pin.ts";

const PIN = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDlvgnJtHnpreIzrHgrLL6tMdr2J/VBtVqik7yEFA+k=";
const ROW = ["regions", "eu", "hosts", "eu-1"];

/** A host's row between two others, with comments that have to stay. */
const around = (row: string) =>
  `# the platform\nregions:\n  eu:\n    hosts:\n      # first\n      eu-0: { address: 192.0.2.9 }\n${row}\n      # last\n      eu-2:   { address: 192.0.2.3 } # odd blanks\n`;

test.for([
  [
    "a block",
    "      eu-1:\n        ssh: # how\n          user: root # who\n          # a remark\n        cpus: 2",
    `      eu-1:\n        ssh: # how\n          user: root # who\n          hostKey: ${PIN}\n          # a remark\n        cpus: 2`,
  ],
  [
    "a block that ends the row, its last value a list",
    "      eu-1:\n        ssh:\n          ports:\n            - 22\n            - 2222 # soon",
    `      eu-1:\n        ssh:\n          ports:\n            - 22\n            - 2222 # soon\n          hostKey: ${PIN}`,
  ],
  [
    "a line",
    "      eu-1: { cpus: 2, ssh: { user: root,  ports: [22] }, memory: 2GiB } # one line",
    `      eu-1: { cpus: 2, ssh: { user: root,  ports: [22], hostKey: ${PIN} }, memory: 2GiB } # one line`,
  ],
  ["an empty line", "      eu-1: { ssh: {} }", `      eu-1: { ssh: { hostKey: ${PIN} } }`],
  [
    "a row without ssh",
    "      eu-1:\n        cpus: 2 # two",
    `      eu-1:\n        cpus: 2 # two\n        ssh: { hostKey: ${PIN} }`,
  ],
  [
    "a row of one line without ssh",
    "      eu-1: {cpus: 2}",
    `      eu-1: {cpus: 2, ssh: { hostKey: ${PIN} }}`,
  ],
  [
    "another pin in quotes",
    '      eu-1: { ssh: { hostKey: "SHA256:abc", user: root } }',
    `      eu-1: { ssh: { hostKey: ${PIN}, user: root } }`,
  ],
  [
    "another pin in a block",
    "      eu-1:\n        ssh:\n          hostKey: ssh-rsa AAAA # old\n          user: root",
    `      eu-1:\n        ssh:\n          hostKey: ${PIN} # old\n          user: root`,
  ],
] as const)("a pin goes into %s, and nothing else changes", ([, row, edited]) => {
  expect(withPin(around(row), ROW, PIN)).toBe(around(edited));
});

test("lines end as they did, and a byte order mark stays", () => {
  const text = `\uFEFF${around("      eu-1:\n        ssh:\n          user: root")}`.replaceAll("\n", "\r\n");
  const edited = withPin(text, ROW, PIN);
  expect(edited.replace(`\r\n          hostKey: ${PIN}`, "")).toBe(text);
  expect(parse(edited).regions.eu.hosts["eu-1"].ssh).toEqual({ user: "root", hostKey: PIN });
});

test("a file without a line break at its end takes a pin", () => {
  const text = "regions:\n  eu:\n    hosts:\n      eu-1:\n        ssh:\n          user: root";
  expect(withPin(text, ROW, PIN)).toBe(`${text}\n          hostKey: ${PIN}`);
});

test.for([
  ["an anchor that others use", "      eu-1: { ssh: &ssh { user: root } }\n      eu-3: { ssh: *ssh }"],
  ["an alias", "      eu-3: { ssh: &ssh { user: root } }\n      eu-1: { ssh: *ssh }"],
  ["a row that is an alias", "      eu-3: &row { ssh: { user: root } }\n      eu-1: *row"],
] as const)("a pin is left to the operator where the row shares its ssh: %s", ([, row]) => {
  expect(() => withPin(around(row), ROW, PIN)).toThrow(`write it by hand\n  ssh.hostKey: ${PIN}`);
});

test("a file is written as a whole, with its mode, behind a link, and not over somebody else's change", () => {
  const folder = mkdtempSync(join(tmpdir(), "pin-"));
  const [file, link] = [join(folder, "platform.yaml"), join(folder, "link.yaml")];
  writeFileSync(file, "before\n");
  chmodSync(file, 0o664);
  symlinkSync("platform.yaml", link);
  writePlatform(link, "before\n", "after\n");
  expect([readFileSync(file, "utf8"), statSync(file).mode & 0o777]).toEqual(["after\n", 0o664]);
  expect(() => writePlatform(link, "before\n", "again\n")).toThrow("was changed meanwhile");
  expect(readFileSync(file, "utf8")).toBe("after\n");
});
