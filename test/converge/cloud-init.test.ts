import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sha256 } from "../../bundle/hash.ts";
import { Converge } from "../../constructs/host/converge.ts";
import { Host } from "../../constructs/host/host.ts";
import { cloudInit } from "../../converge/cloud-init.ts";
import { MACHINE } from "../constructs/hosts.ts";
import { synthOutput } from "../constructs/synth.ts";

const folder = mkdtempSync(join(tmpdir(), "cloud-init-"));
process.env.SOUNDSTAGE_PLATFORM = join(folder, "platform.yaml");
writeFileSync(join(folder, "token"), "norwegian-wood\n");
const has = (program: string) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
const lacks = ["age", "ssh-keygen", "shellcheck"].filter((program) => !has(program));
const why = lacks.length > 0 ? ` (${lacks.join(", ")} is not installed)` : "";

function output(hostKey: string, example = false): string {
  return synthOutput((stack) => {
    const transport = { ssh: { address: "192.0.2.10", ports: [22], user: "root", hostKey } };
    const host = new Host(stack, "one", { ...MACHINE, transport });
    host.secret(stack, "/etc/token", { parts: [{ file: "token", version: 1 }] });
    new Converge(stack, "converge", { stack: "test", hosts: [host], example });
  });
}

const FINGERPRINT = `SHA256:${"A".repeat(43)}`;
const make = (options: Partial<Parameters<typeof cloudInit>[0]> = {}) =>
  cloudInit({
    output: output(FINGERPRINT),
    stack: "test",
    host: "one",
    url: "https://files.example.org/one.tar.gz",
    out: join(folder, "one.tar.gz"),
    ...options,
  });

test.for([
  ["an address without TLS", { url: "http://x/y" }, /--url http:\/\/x\/y: expected an https address/],
  ["no address", { url: "one.tar.gz" }, /expected an https address/],
  ["a password in the address", { url: "https://a:b@x/y" }, /user data is no place for a secret/],
  ["an unknown host", { host: "two" }, /test has no machine two; it has one/],
  [
    "a fingerprint to encrypt to",
    {},
    /the secrets of one can be encrypted to a whole key alone, and its ssh\.hostKey is SHA256:A+: write the line/,
  ],
  [
    "a host of an example",
    { output: output(FINGERPRINT, true) },
    /belongs to a platform that says `example: true`/,
  ],
] as const)("%s is refused", async ([, options, message]) => {
  await expect(make(options)).rejects.toThrow(message);
});

test.skipIf(lacks.length > 0)(
  `who has the host's key reads its secrets, nobody else does${why}`,
  async () => {
    for (const name of ["host", "other"])
      spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, name)]);
    const key = readFileSync(join(folder, "host.pub"), "utf8").split(" ").slice(0, 2).join(" ");
    const out = join(folder, "sealed.tar.gz");
    const url = "https://files.example.org/a b?signature=x&y='z'";
    const text = await make({ output: output(key), out, url });
    expect(text).toContain(`sha256=${sha256(readFileSync(out))}\n`);
    const checked = spawnSync("shellcheck", ["-"], { input: text, encoding: "utf8" });
    expect(checked.stdout).toBe("");

    const read = (identity: string) =>
      spawnSync(
        "sh",
        [
          "-c",
          'tar -xzOf "$1" ./secrets.age | age --decrypt --identity "$2"',
          "sh",
          out,
          join(folder, identity),
        ],
        { encoding: "utf8" },
      );
    const line = `/etc/token\t${Buffer.from("norwegian-wood").toString("base64")}\n`;
    expect(read("host")).toMatchObject({ status: 0, stdout: line });
    expect(read("other")).toMatchObject({ status: 1, stdout: "" });
  },
);
