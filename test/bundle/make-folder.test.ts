import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolder } from "../../bundle/make-folder.ts";

const scratch = mkdtempSync(join(tmpdir(), "make-folder-"));

test("a folder is made with those above it, and one that is there is left", () => {
  const folder = join(scratch, "a", "b", "c");
  makeFolder(folder, 0o700);
  makeFolder(folder, 0o777);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(scratch, "a")).mode & 0o777).toBe(0o700);
});

test("what stands in the way is named, and not what was asked for", () => {
  const file = join(scratch, "file");
  writeFileSync(file, "");
  expect(() => makeFolder(join(file, "a", "b"))).toThrow(
    `the folder ${file} can not be made: something else than a folder has that name`,
  );
});

test.runIf(existsSync("/proc/self"))("an authority below a folder that can not be made ends at once", () => {
  const { status, signal, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "bin/soundstage.ts", "ca", "init", "/proc/soundstage/ca"],
    { encoding: "utf8", timeout: 20_000 },
  );
  expect([status, signal]).toEqual([1, null]);
  expect(stderr).toBe(
    "soundstage: the folder /proc/soundstage can not be made: the file system of /proc takes no folders; choose another path\n",
  );
});
