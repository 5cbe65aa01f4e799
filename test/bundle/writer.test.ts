import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { beforeEach, expect, test } from "vitest";
import { sha256 } from "../../bundle/hash.ts";
import { readBundle } from "../../bundle/reader.ts";

let output: string;

beforeEach(() => {
  output = mkdtempSync(join(tmpdir(), "writer-"));
});

/** Starts a process that synthesizes; resolves with what it complained of. */
function synthesize(name: string, rounds: number, blob?: object): Promise<string> {
  const script = join(import.meta.dirname, "synthesize.ts");
  const args = ["--import", "tsx", script, output, name, String(rounds), blob ? JSON.stringify(blob) : ""];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  const lines: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => lines.push(chunk));
  return once(child, "close").then(() => Buffer.concat(lines).toString());
}

/** Reads a host's bundle with all of its files, as a converge does; throws where one is not what its hash says. */
function readWhole(host: string): void {
  const { objects } = readBundle(output, "test", host);
  for (const [hash, { file }] of objects) {
    if (file && sha256(readFileSync(file)) !== hash) throw new Error(`${file} is not whole`);
  }
}

test("a host whose bundle stays can be read whole at every moment of a synthesis", async () => {
  let ended = false;
  const complaints = synthesize("a", 25).finally(() => {
    ended = true;
  });
  while (!ended && !existsSync(join(output, "stacks/test/region.json"))) await setTimeout(5);
  let reads = 0;
  for (; !ended; reads += 1) {
    readWhole("steady");
    if (reads % 20 === 0) await setTimeout(0);
  }
  expect(await complaints).toBe("");
  expect(reads).toBeGreaterThan(20);
}, 60_000);

test("two syntheses into one folder leave whole bundles and nothing beside them", async () => {
  const file = join(output, "large");
  const content = Buffer.alloc(32 << 20, "x");
  writeFileSync(file, content);
  const blob = { file, sha256: sha256(content), size: content.length };
  expect(await Promise.all(["a", "b", "c"].map((name) => synthesize(name, 8, blob)))).toEqual(["", "", ""]);
  readWhole("steady");
  readWhole("other");
  expect(readdirSync(join(output, "stacks/test")).sort()).toEqual(["cdk.tf.json", "hosts", "region.json"]);
  expect(readdirSync(join(output, "blobs"))).toEqual([blob.sha256]);
}, 60_000);

test("what was changed or added by hand, and a host that is gone, do not outlast a synthesis", async () => {
  expect(await synthesize("a", 1)).toBe("");
  const hosts = join(output, "stacks/test/hosts");
  writeFileSync(join(hosts, "steady/files/etc/0"), "by hand\n");
  writeFileSync(join(hosts, "other/files/etc/more"), "by hand\n");
  mkdirSync(join(hosts, "gone"));
  expect(await synthesize("a", 1)).toBe("");
  expect(readFileSync(join(hosts, "steady/files/etc/0"), "utf8")).toBe("the same\n");
  expect(existsSync(join(hosts, "other/files/etc/more"))).toBe(false);
  expect(readdirSync(hosts).sort()).toEqual(["other", "steady"]);
});

test("a bundle that is not there is said in words", () => {
  rmSync(output, { recursive: true });
  expect(() => readBundle(output, "test", "one")).toThrow(/manifest\.json is not there: .*run cdktf synth/);
});
