import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { loadPlatform } from "../../platform/load.ts";
import { faultsOf } from "./faults.ts";

const DNB1ST = readFileSync("platform.yaml", "utf8");
const DKIM = /default: MII\S+/;
const HOST_KEY = /hostKey: ssh-ed25519 \S+/;

const rsa = (bits: number) => generateKeyPairSync("rsa", { modulusLength: bits }).publicKey;
const der = (key: KeyObject, type: "spki" | "pkcs1") =>
  key.export({ type, format: "der" }).toString("base64");
const ed25519 = generateKeyPairSync("ed25519").publicKey;
const rsa2048 = rsa(2048);
const rsa1024 = rsa(1024);

test.for(["spki", "pkcs1"] as const)("a DKIM key of 2048 bits is taken as %s", (type) => {
  const text = DNB1ST.replace(DKIM, `default: ${der(rsa2048, type)}`);
  expect(loadPlatform(text, { file: "platform.yaml" }).platform.platform).toBe("dnb1st");
});

test.for([
  ["too short", der(rsa1024, "spki"), "found 1024 bits"],
  ["cut off", der(rsa2048, "spki").slice(0, 200), "it may be cut off"],
  ["not base64", `${der(rsa2048, "spki").slice(0, -4)}é===`, "no base64"],
  ["of another kind", der(ed25519, "spki"), "no such key"],
] as const)("a DKIM key that is %s is refused", ([, key, message]) => {
  const { message: said, faults } = faultsOf(DNB1ST.replace(DKIM, `default: "${key}"`));
  expect(said).toContain(message);
  expect(faults).toMatchObject([{ rule: "dkim-key" }]);
});

/** As a line of known_hosts holds it (RFC 4253 §6.6). */
function line(type: string, ...fields: readonly Buffer[]): string {
  const parts = [Buffer.from(type), ...fields].flatMap((field) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(field.length);
    return [length, field];
  });
  return `${type} ${Buffer.concat(parts).toString("base64")}`;
}

const number = (key: KeyObject, name: "n" | "e") => {
  const bytes = Buffer.from(key.export({ format: "jwk" })[name] as string, "base64url");
  return (bytes[0] as number) > 127 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
};
const rsaLine = (key: KeyObject) => line("ssh-rsa", number(key, "e"), number(key, "n"));
const point = (curve: string) => {
  const { x, y } = generateKeyPairSync("ec", { namedCurve: curve }).publicKey.export({ format: "jwk" });
  return Buffer.concat([
    Buffer.of(4),
    Buffer.from(x as string, "base64url"),
    Buffer.from(y as string, "base64url"),
  ]);
};
const raw = Buffer.from(ed25519.export({ format: "jwk" }).x as string, "base64url");

test.for([
  ["Ed25519", line("ssh-ed25519", raw)],
  ["RSA", rsaLine(rsa2048)],
  ["ECDSA", line("ecdsa-sha2-nistp256", Buffer.from("nistp256"), point("P-256"))],
  ["ECDSA of 521 bits", line("ecdsa-sha2-nistp521", Buffer.from("nistp521"), point("P-521"))],
] as const)("a host key of type %s is taken, without its comment", ([, key]) => {
  const { platform } = loadPlatform(DNB1ST.replace(HOST_KEY, `hostKey: ${key} root@host`), {
    file: "platform.yaml",
  });
  expect(platform.regions.ru?.hosts["ru-1"]?.ssh.hostKey).toBe(key);
});

test.for([
  ["cut off", line("ssh-ed25519", raw).slice(0, 50), "cut off or of another type"],
  ["too short", line("ssh-ed25519", raw.subarray(1)), "it has another length"],
  ["of another type inside", line("ssh-ed25519", raw).replace("ssh-ed25519 ", "ssh-rsa "), "of another type"],
  ["a short RSA key", rsaLine(rsa1024), "expected an RSA key of 2048 bits or more"],
  ["of a type that is not taken", "ssh-dss AAAAB3NzaC1kc3M=", "expected a public host key such as"],
  ["a short fingerprint", "SHA256:abc", "expected a public host key such as"],
] as const)("a host key that is %s is refused", ([, key, message]) => {
  const { message: said, faults } = faultsOf(DNB1ST.replace(HOST_KEY, `hostKey: ${key}`));
  expect(said).toContain(message);
  expect(faults).toHaveLength(1);
});
