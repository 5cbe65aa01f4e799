import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { sha256 } from "../../../bundle/hash.ts";
import { readReleases } from "../../../bundle/releases-lock.ts";
import { download } from "../../../converge/releases/download.ts";
import { type Own, Releases } from "../../../converge/releases/releases.ts";
import { release } from "../../release.ts";

const ADDRESS = "https://releases.test/relay.tgz";
let folder: string;
let file: string;
let own: Own;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "releases-"));
  file = join(folder, "old.tgz");
  writeFileSync(file, release("0.0.9"));
  writeFileSync(join(folder, "own.tgz"), release("0.1.0"));
  own = async () => ({ path: join(folder, "own.tgz"), version: "0.1.0" });
});

test("releases of the package, of a file and of an address are locked, and had again by their hash", async () => {
  const answers = release("0.0.8");
  const releases = new Releases(folder, async () => answers);
  await releases.add("0.1.0", "package", own);
  await releases.add("0.0.9", file, own);
  await releases.add("0.0.8", ADDRESS, own);
  expect(readFileSync(releases.file, "utf8")).toBe(
    `${JSON.stringify(
      {
        "0.1.0": { sha256: sha256(release("0.1.0")), source: "package" },
        "0.0.9": { sha256: sha256(release("0.0.9")), source: "old.tgz" },
        "0.0.8": { sha256: sha256(answers), source: ADDRESS },
      },
      null,
      2,
    )}\n`,
  );
  const row = releases.lock()["0.0.9"];
  if (!row) throw new Error("expected a row");
  // Years later: the file is gone, and what was fetched is there.
  rmSync(file);
  const { file: cached, sha256: hash, size } = await releases.artifact("0.0.9", row, own);
  expect([sha256(readFileSync(cached)), size]).toEqual([hash, release("0.0.9").length]);
  rmSync(join(folder, ".soundstage"), { recursive: true });
  expect(releases.isHere(row)).toBe(false);
  await expect(releases.artifact("0.0.9", row, own)).rejects.toThrow(
    `release 0.0.9: there is no file ${file}`,
  );
});

test("what is not what was locked is not used", async () => {
  const releases = new Releases(folder);
  const row = await releases.add("0.0.9", file, own);
  writeFileSync(file, release("0.0.9", "another build"));
  // What was fetched stays good, and what was changed there is fetched again.
  await releases.artifact("0.0.9", row, own);
  writeFileSync(join(folder, ".soundstage", "releases", `${row.sha256}.tgz`), "x");
  await expect(releases.artifact("0.0.9", row, own)).rejects.toThrow(
    /release 0\.0\.9 of old\.tgz has the sha256 \w{64}, expected/,
  );
  await expect(releases.add("0.0.9", file, own)).rejects.toThrow("one version is one build");
  expect(releases.lock()["0.0.9"]).toEqual(row);
});

test("what is no release of that version is refused", async () => {
  const releases = new Releases(folder);
  await expect(releases.add("0.0.7", file, own)).rejects.toThrow(
    `${file} holds release 0.0.9, expected 0.0.7`,
  );
  writeFileSync(file, "no tarball");
  await expect(releases.add("0.0.9", file, own)).rejects.toThrow("holds no release of the relay");
  await expect(releases.add("0.0.9", "package", own)).rejects.toThrow(
    "release 0.0.9 comes with the package of that version, and this one has 0.1.0",
  );
  await expect(releases.add("0.0.9", "http://releases.test/x", own)).rejects.toThrow(
    "expected an https address",
  );
});

test.for([
  ["[]", "it is no JSON object"],
  ['{"workspace": {}}', '"workspace" is no version such as 1.5.0'],
  ['{"1.0.0": {"sha256": "ab", "source": "package"}}', 'the sha256 of 1.0.0 is "ab", expected 64 digits'],
  [`{"1.0.0": {"sha256": "${"a".repeat(64)}", "source": "ftp://x"}}`, 'the source of 1.0.0 is "ftp://x"'],
] as const)("a lock %s is refused", ([text, message]) => {
  expect(() => readReleases(text, "releases.lock")).toThrow(`releases.lock: ${message}`);
});

test.for([
  [async () => new Response("", { status: 404, statusText: "Not Found" }), "answered 404 Not Found"],
  [async () => new Response(new Uint8Array(65 * 1024 * 1024)), "answered more than 67108864 bytes"],
  [
    async () => Promise.reject(new TypeError("fetch failed", { cause: new Error("no such host") })),
    "can not be fetched: no such host",
  ],
  [
    async () => Object.defineProperty(new Response("x"), "url", { value: "http://elsewhere.test/" }),
    "leads to http://elsewhere.test/, which is not https",
  ],
] as const)("a download is refused: %#", async ([answer, message]) => {
  await expect(download(ADDRESS, answer as typeof fetch)).rejects.toThrow(`${ADDRESS} ${message}`);
});

test("tar's own archives are read", () => {
  expect(execFileSync("tar", ["-tzf", file], { encoding: "utf8" })).toBe("server.mjs\npackage.json\n");
});
