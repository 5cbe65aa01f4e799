// Which hosts of a database may leave in one edit.
import { expect, test } from "vitest";
import { loadPlatform } from "../../platform/load.ts";
import { faultsOf } from "./faults.ts";

type Row = "stays" | "lost" | "true" | "purge";

function platform(rows: readonly Row[]): string {
  const host = (index: number, roles: string, retire = "") =>
    `      h-${index}: { address: 192.0.2.${index}, private: 10.0.0.${index}, roles: [${roles}], cpus: 2, memory: 2GiB${retire} }\n`;
  const members = rows.map((row, index) =>
    host(index + 2, "database", row === "stays" ? "" : `, retire: ${row}`),
  );
  return `platform: quorum
state: local
authority: { certificate: { file: ca.crt }, key: { file: ca.key } }
database:
  region: eu
  passwords:
${["superuser", "replication", "rewind", "application"].map((name) => `    ${name}: { env: ${name.toUpperCase()}, version: 1 }\n`).join("")}regions:
  eu:
    hosts:
${host(1, "backup")}${members.join("")}`;
}

test.for<[what: string, rows: Row[]]>([
  ["one lost of three", ["stays", "stays", "lost"]],
  ["one lost of three, and one new", ["stays", "stays", "lost", "stays"]],
  ["one lost of five", ["stays", "stays", "stays", "stays", "lost"]],
  ["two lost of five, and two new", ["stays", "stays", "stays", "lost", "lost", "stays", "stays"]],
  ["two that retire of five", ["stays", "stays", "stays", "true", "purge"]],
])("%s may go", ([, rows]) => {
  expect(loadPlatform(platform(rows), { file: "platform.yaml" }).platform.platform).toBe("quorum");
});

test.for<[what: string, rows: Row[], message: RegExp]>([
  ["two lost of three", ["stays", "lost", "lost"], /would leave 1 of 3 hosts/],
  [
    "two lost of three, and two new",
    ["stays", "lost", "lost", "stays", "stays"],
    /^"h-3" and "h-4" are lost at once, and 3 hosts .* new hosts can not vote .* until 5 stay;/,
  ],
  [
    "three lost of five, and three new",
    ["stays", "stays", "lost", "lost", "lost", "stays", "stays", "stays"],
    /^"h-4" and "h-5" and "h-6" are lost at once, and 5 hosts .* until 7 stay;/,
  ],
])("%s are refused where the last of them stands", ([, rows, message]) => {
  const { faults } = faultsOf(platform(rows));
  const last = rows.lastIndexOf("lost");
  expect(faults).toMatchObject([{ rule: "database-quorum", message: expect.stringMatching(message) }]);
  expect(platform(rows).split("\n")[(faults[0]?.line as number) - 1]).toContain(`h-${last + 2}:`);
});
