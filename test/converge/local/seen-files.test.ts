import { mkdtempSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { sha256 } from "../../../bundle/hash.ts";
import { SeenFiles } from "../../../converge/local/seen-files.ts";

const folder = mkdtempSync(join(tmpdir(), "seen-"));
const [record, file] = [join(folder, "files.json"), join(folder, "large")];
const hash = () => new SeenFiles(record).hash(file);
/** Whether the record is believed: a wrong hash in it comes back. */
const believed = () => {
  const text = readFileSync(record, "utf8");
  writeFileSync(record, text.replace(/"sha256": "\w+"/, '"sha256": "known"'));
  const known = hash() === "known";
  writeFileSync(record, text);
  return known;
};

test("a file is read once, and again when anything of it changed", async () => {
  writeFileSync(file, "first");
  expect(hash()).toBe(sha256("first"));
  // So soon after a change another one may have the same time.
  expect(believed()).toBe(false);
  await sleep(2100);
  expect(hash()).toBe(sha256("first"));
  expect(believed()).toBe(true);
  writeFileSync(file, "third");
  // What sets back the time of its content can not set back that of the change.
  utimesSync(file, 0, 0);
  expect(hash()).toBe(sha256("third"));
  writeFileSync(record, "{");
  expect(hash()).toBe(sha256("third"));
});
