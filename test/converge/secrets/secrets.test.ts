import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SecretFile, SecretRef } from "../../../bundle/manifest.ts";
import { Secrets } from "../../../converge/secrets/secrets.ts";

const folder = mkdtempSync(join(tmpdir(), "secrets-"));

const file = (...parts: SecretFile["parts"]): SecretFile => ({
  path: "/etc/secret",
  mode: "0600",
  owner: "root:root",
  parts,
});
const script = (text: string, version = 1): SecretRef => ({ command: ["sh", "-c", text], version });

/** What resolving says, or nothing where it succeeds. */
async function said(...refs: SecretRef[]): Promise<string> {
  return new Secrets(folder, { timeout: 5000 }).require([file(...refs)]).then(
    () => "",
    (error: Error) => error.message,
  );
}

test("an authority that is not there yet is told with the command that makes one", async () => {
  const authority = { path: "/etc/ca.crt", mode: "0644", owner: "root:root", parts: [{ file: "ca/ca.crt" }] };
  await expect(new Secrets(folder).require([authority])).rejects.toThrow(
    `file ${join(folder, "ca", "ca.crt")} can not be read (ENOENT): bring the authority's files there, or make the first ones: soundstage ca init ${join(folder, "ca")}`,
  );
});

test("a file's content is its texts and the values of its references", async () => {
  process.env.SECRETS_TEST = "from the environment";
  writeFileSync(join(folder, "value"), "from a file\n");
  const secret = file(
    "a=",
    { env: "SECRETS_TEST", version: 1 },
    " b=",
    { file: "value", version: 2 },
    " c=",
    { command: ["cat", "value"], version: 1 },
    "\n",
  );
  const secrets = new Secrets(folder);
  await secrets.require([secret]);
  expect(secrets.content(secret)).toBe("a=from the environment b=from a file c=from a file\n");
});

test("a command runs once, for every version and every host, also where two runs ask at once", async () => {
  const secrets = new Secrets(folder);
  const files = [1, 2, 3].map((version) => file(script("echo ran >> count; echo value", version)));
  await Promise.all([secrets.require(files), secrets.require(files)]);
  expect(files.map((secret) => secrets.content(secret))).toEqual(["value", "value", "value"]);
  expect(readFileSync(join(folder, "count"), "utf8")).toBe("ran\n");
});

test("commands run side by side: each of these waits for the other", async () => {
  const waits = (own: string, other: string) =>
    script(`: > ${own}; until [ -e ${other} ]; do sleep 0.05; done; echo ${own}`);
  expect(await said(waits("left", "right"), waits("right", "left"))).toBe("");
});

test("all that is missing is named at once", async () => {
  writeFileSync(join(folder, "empty"), "\n");
  writeFileSync(join(folder, "large"), "x".repeat(1_048_577));
  const message = await said(
    { env: "SECRETS_TEST_ABSENT", version: 1 },
    { file: "absent", version: 1 },
    { file: "empty", version: 1 },
    { file: "large", version: 1 },
    { file: "/dev/zero", version: 1 },
    { command: ["soundstage-no-such-program"], version: 1 },
    script("echo the store is locked >&2; exit 3"),
    script("sleep 60; true"),
    script("true"),
  );
  expect(message.split("\n")).toEqual([
    "secrets are missing or unfit:",
    "  - /dev/zero is no regular file",
    "  - command sh did not end within 5 s",
    "  - command sh failed with exit code 3: the store is locked",
    "  - command soundstage-no-such-program is not installed, or not on PATH",
    "  - environment variable SECRETS_TEST_ABSENT is not set",
    `  - file ${join(folder, "absent")} can not be read (ENOENT)`,
    `  - file ${join(folder, "large")} is too large: expected at most 1048576 bytes, found 1048577`,
    "  - file empty is empty",
    "  - what command sh prints is empty",
  ]);
});

test.for([
  ["sergeant\npepper", "a line break"],
  ["sergeant\rpepper", "a carriage return"],
  ['sergeant"pepper', "a double quote"],
  ["sergeant\\pepper", "a backslash"],
] as const)(
  "a secret that would end a line or a quotation of its file is refused by name: %j",
  async ([value, what]) => {
    process.env.SECRETS_TEST = value;
    const message = await said({ env: "SECRETS_TEST", version: 1 });
    expect(message.split("\n")).toEqual([
      "secrets are missing or unfit:",
      `  - environment variable SECRETS_TEST holds ${what}: a secret of /etc/secret is one line without " and \\`,
    ]);
  },
);

test("what goes into no file of a host may hold anything, and so may the operator's own certificates", async () => {
  process.env.SECRETS_TEST = 'a "passphrase" \\ with all\n';
  const ref = { env: "SECRETS_TEST", version: 1 };
  await new Secrets(folder).require([{ parts: [ref] }]);
  writeFileSync(join(folder, "ca.crt"), "-----BEGIN-----\nLucy\n-----END-----\n");
  const secrets = new Secrets(folder);
  const certificate = file({ file: "ca.crt" }, "\n");
  await secrets.require([certificate]);
  expect(secrets.content(certificate)).toBe("-----BEGIN-----\nLucy\n-----END-----\n");
  // A passphrase that is a password of a file as well is judged as that one, in whichever order they are asked for.
  for (const files of [
    [{ parts: [ref] }, file(ref)],
    [file(ref), { parts: [ref] }],
  ])
    await expect(new Secrets(folder).require(files)).rejects.toThrow(/SECRETS_TEST holds a double quote/);
});

test("a command that fails is not quoted where its words repeat what it printed, or hold another secret", async () => {
  process.env.SECRETS_TEST = "tomorrow-never-knows";
  const repeats = await said(script("echo a-day-in-the-life; echo got a-day-in-the-life >&2; exit 1"));
  expect(repeats).toContain("command sh failed with exit code 1; its words are not shown");
  expect(repeats).not.toContain("a-day-in-the-life");
  const other = await said(
    { env: "SECRETS_TEST", version: 1 },
    script('echo "no entry for $SECRETS_TEST" >&2; exit 1'),
  );
  expect(other).toContain("no entry for ********");
});

test("what a tool says is shown without the values of secrets", async () => {
  const secrets = new Secrets(folder);
  const ref = script("printf 'one-long-line\\nanother-line\\n'");
  await secrets.require([{ parts: [ref] }]);
  expect(secrets.masked('line 3: requirepass "one-long-line" and another-line')).toBe(
    'line 3: requirepass "********" and ********',
  );
});

// Asked for its version, sops would ask the network for a newer one.
const has = (program: string) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
const lacks = ["sops", "age-keygen", "age"].filter((program) => !has(program));
const why = lacks.length > 0 ? ` (${lacks.join(", ")} is not installed)` : "";

test.skipIf(lacks.length > 0)(`a value of a file that sops encrypted for an age key${why}`, async () => {
  const keys = join(folder, "age.key");
  spawnSync("age-keygen", ["-o", keys]);
  const recipient = /public key: (\S+)/.exec(readFileSync(keys, "utf8"))?.[1] as string;
  const encrypt = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    const { status, stderr } = spawnSync("sops", ["encrypt", "--in-place", "--age", recipient, name], {
      cwd: folder,
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
  };
  encrypt("store.yaml", "redis:\n  password: penny-lane\n  port: 6379\nbroadcast: |\n  strawberry-fields\n");
  encrypt("store.env", "TOKEN=blackbird\n");
  expect(readFileSync(join(folder, "store.yaml"), "utf8")).not.toContain("penny-lane");

  const ref = (key: string, sops = "store.yaml"): SecretRef => ({ sops, key, version: 1 });
  const secret = file(ref("redis.password"), " ", ref("broadcast"), " ", ref("TOKEN", "store.env"));
  delete process.env.SOPS_AGE_KEY_FILE;
  process.env.XDG_CONFIG_HOME = join(folder, "nobody");
  expect(await said(ref("redis.password"))).toMatch(
    /file store\.yaml can not be decrypted: none of the keys .* is to be had here: let SOPS_AGE_KEY_FILE name/,
  );
  process.env.SOPS_AGE_KEY_FILE = keys;

  // Counts how often it is started, and is else the real one.
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const real = spawnSync("sh", ["-c", "command -v sops"], { encoding: "utf8" }).stdout.trim();
  writeFileSync(join(bin, "sops"), `#!/bin/sh\necho ran >> ${folder}/decryptions\nexec ${real} "$@"\n`, {
    mode: 0o755,
  });
  const path = process.env.PATH as string;
  process.env.PATH = `${bin}:${path}`;
  const secrets = new Secrets(folder);
  await secrets.require([secret, secret]);
  process.env.PATH = path;
  expect(secrets.content(secret)).toBe("penny-lane strawberry-fields blackbird");
  expect(readFileSync(join(folder, "decryptions"), "utf8")).toBe("ran\nran\n");

  const faults = await said(ref("redis.pasword"), ref("redis"), ref("redis.port"), ref("a.b", "absent.yaml"));
  expect(faults.split("\n").slice(1)).toEqual([
    '  - "redis" of file store.yaml is no text: quote it there, so that it stays as written',
    '  - "redis.port" of file store.yaml is no text: quote it there, so that it stays as written',
    "  - file absent.yaml can not be read (ENOENT)",
    '  - file store.yaml has no "redis.pasword": "redis" has password, port',
  ]);
  writeFileSync(join(folder, "clear.yaml"), "redis:\n  password: penny-lane\n");
  const clear = await said(ref("redis.password", "clear.yaml"));
  expect(clear).toMatch(/file clear\.yaml can not be decrypted: sops failed with exit code 1: sops metadata/);

  process.env.PATH = join(folder, "nobody");
  const absent = await said(ref("redis.password"));
  process.env.PATH = path;
  expect(absent).toContain("file store.yaml can not be decrypted: sops is not installed, or not on PATH");
});
