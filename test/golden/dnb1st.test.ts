import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { runApp } from "../app.ts";

const STACKS = ["local", "region-asia", "region-eu", "region-ru", "region-us", "traffic", "zones"];
const GOLDEN = join(import.meta.dirname, "golden");
let output: string;
/** Hashes of what this checkout builds are masked: they change with every line of the relay. */
let built: Map<string, string>;

type Stack = {
  resource?: Record<string, Record<string, unknown>>;
  data?: Record<string, Record<string, unknown>>;
};

beforeAll(() => {
  output = synth();
  built = new Map();
  for (const [stack, host] of hosts()) {
    const { archives, files } = manifest(stack, host);
    for (const { path, sha256 } of [...archives, ...files.filter(({ source }) => source === "blob")]) {
      built.set(sha256, `<sha256 of ${path}>`);
    }
  }
}, 60_000);

/** In a folder of its own, as people have it: the output beside the platform file. */
function synth(folder = mkdtempSync(join(tmpdir(), "golden-"))): string {
  const file = join(folder, "platform.yaml");
  const outdir = join(folder, "cdktf.out");
  copyFileSync("platform.yaml", file);
  const { status, stderr } = runApp(outdir, file);
  if (status !== 0) throw new Error(stderr);
  return outdir;
}

interface ManifestFile {
  path: string;
  sha256: string;
  size: number;
  source: string;
  mode: string;
  owner: string;
}

function hosts(): [stack: string, host: string][] {
  return STACKS.flatMap((stack) => {
    const folder = join(output, "stacks", stack, "hosts");
    return existsSync(folder) ? readdirSync(folder).map((host): [string, string] => [stack, host]) : [];
  });
}

function manifest(stack: string, host: string): { archives: ManifestFile[]; files: ManifestFile[] } {
  return JSON.parse(readFileSync(join(output, "stacks", stack, "hosts", host, "manifest.json"), "utf8"));
}

function masked(text: string): string {
  let result = text;
  for (const [value, name] of built) if (value.length === 64) result = result.replaceAll(value, name);
  return result;
}

function stackJson(stack: string): Stack {
  return JSON.parse(readFileSync(join(output, "stacks", stack, "cdk.tf.json"), "utf8")) as Stack;
}

test("every stack is written", () => {
  expect(readdirSync(join(output, "stacks")).sort()).toEqual(STACKS);
});

test.for(STACKS)("the addresses of %s are contract", async (stack) => {
  const { resource = {}, data = {} } = stackJson(stack);
  const addresses = [
    ...Object.entries(resource).flatMap(([type, all]) => Object.keys(all).map((name) => `${type}.${name}`)),
    ...Object.entries(data).flatMap(([type, all]) => Object.keys(all).map((name) => `data.${type}.${name}`)),
  ];
  await expect(`${addresses.sort().join("\n")}\n`).toMatchFileSnapshot(
    join(GOLDEN, `${stack}.addresses.txt`),
  );
});

test.for(["traffic", "zones"])("the Terraform of %s is what was reviewed", async (stack) => {
  const { "//": _metadata, ...rest } = stackJson(stack) as Record<string, unknown>;
  const compact = JSON.stringify(rest, null, 1).replaceAll(/\n\s+"\/\/": \{[^{}]*\{[^{}]*\}[^{}]*\},?/g, "");
  await expect(`${compact}\n`).toMatchFileSnapshot(join(GOLDEN, `${stack}.tf.json`));
});

describe("the bundle of each kind of host is what was reviewed", () => {
  test.for([
    ["local", "here"],
    ["region-asia", "asia-1"],
    ["region-ru", "ru-1"],
    ["region-ru", "ru-2"],
    ["region-ru", "ru-4"],
  ] as const)("%s %s", async ([stack, host]) => {
    const root = join(output, "stacks", stack, "hosts", host);
    const plain = readFileSync(join(root, "manifest"), "utf8");
    // Scripts and texts follow in full: their hashes and sizes would only repeat them.
    const records = masked(plain)
      .replaceAll(/\b[0-9a-f]{64}\b/g, "<hash>")
      .replaceAll(/(<[^>]+>)\t\d+\t/g, "$1\t<size>\t");
    const texts = manifest(stack, host)
      .files.filter(({ source }) => source === "text")
      .map(({ path }) => `==> ${path}\n${readFileSync(join(root, "files", path), "utf8")}`);
    const commands = existsSync(join(root, "commands"))
      ? readdirSync(join(root, "commands"))
          .sort()
          .map((name) => `==> command ${name}\n${readFileSync(join(root, "commands", name), "utf8")}`)
      : [];
    const shared = /database|etc\/soundstage\/sql\/0/;
    const shown =
      host === "ru-2" ? texts : texts.filter((text) => !shared.test(text.split("\n", 1)[0] as string));
    await expect(`${records}\n${[...shown, ...commands].join("\n")}`).toMatchFileSnapshot(
      join(GOLDEN, `${host}.txt`),
    );
  });
});

test("nothing but the local stack of an example is applied", () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(output, "bin", "soundstage.mjs"), ...args], { encoding: "utf8" });
  for (const args of [
    ["apply", "--stack", "region-eu"],
    ["converge", "region-ru"],
  ]) {
    const { status, stderr } = run(...args);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/belongs to a platform that says `example: true`/),
    ]);
  }
});

test("two syntheses give the same bytes, without absolute paths, times or random values", {
  timeout: 60_000,
}, () => {
  const deeper = join(mkdtempSync(join(tmpdir(), "golden-")), "of", "another", "depth");
  mkdirSync(deeper, { recursive: true });
  const second = synth(deeper);
  const compare = spawnSync("diff", ["-rq", output, second], { encoding: "utf8" });
  expect([compare.status, compare.stdout, compare.stderr]).toEqual([0, "", ""]);
  const found = spawnSync(
    "grep",
    ["-rlF", "-e", process.cwd(), "-e", output, "--exclude-dir=blobs", "--exclude=soundstage.mjs", output],
    { encoding: "utf8" },
  );
  // 1: nothing is found.
  expect([found.status, found.stdout, found.stderr]).toEqual([1, "", ""]);
});
