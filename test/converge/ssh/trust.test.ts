import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { trust } from "../../../bin/trust.ts";
import type { CertificateRequest } from "../../../bundle/manifest.ts";
import { createAuthority, sign } from "../../../converge/secrets/authority.ts";
import { fingerprint, pin } from "../../../converge/ssh/host-key.ts";

const folder = mkdtempSync(join(tmpdir(), "trust-"));
const WANTED: CertificateRequest = {
  names: ["db-1", "localhost"],
  addresses: ["10.0.0.1"],
  days: 30,
  usages: ["serverAuth", "clientAuth"],
  authority: { certificate: { file: "ca.crt" }, key: { file: "ca.key" } },
};

test("a host key is the pinned one, as a key or as its fingerprint, or it is refused", () => {
  const keys = ["one", "two"].map((name) => {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", join(folder, name)]);
    return readFileSync(join(folder, `${name}.pub`), "utf8").trim();
  }) as [string, string];
  const [blob, other] = keys.map((key) => Buffer.from(key.split(" ")[1] as string, "base64")) as [
    Buffer,
    Buffer,
  ];
  const printed = execFileSync("ssh-keygen", ["-l", "-f", join(folder, "one.pub")], {
    encoding: "utf8",
  }).split(" ")[1] as string;
  expect(fingerprint(blob)).toBe(printed);
  expect([pin(keys[0]).accepts(blob), pin(keys[0]).accepts(other)]).toEqual([true, false]);
  expect([pin(printed).accepts(blob), pin(printed).accepts(other)]).toEqual([true, false]);
  expect(pin(keys[0]).type).toBe("ssh-ed25519");
});

test("no address of an example platform is contacted for its key", async () => {
  await expect(trust("ru-1", {})).rejects.toThrow("platform.yaml says `example: true`");
});

test("the authority signs what the manifest says, whatever the request asks for", async () => {
  const ca = join(folder, "ca");
  await createAuthority(ca);
  expect(statSync(join(ca, "ca.key")).mode & 0o777).toBe(0o600);
  await expect(createAuthority(ca)).rejects.toThrow(/is there already/);
  const request = execFileSync(
    "sh",
    [
      "-ec",
      `openssl ecparam -name prime256v1 -genkey -noout -out ${folder}/key; openssl req -new -key ${folder}/key -subj /CN=greedy -addext subjectAltName=DNS:*.example.com`,
    ],
    { encoding: "utf8" },
  );
  const authority = {
    certificate: readFileSync(join(ca, "ca.crt"), "utf8"),
    key: readFileSync(join(ca, "ca.key"), "utf8"),
  };
  const chain = await sign(request, WANTED, authority);
  const file = join(folder, "chain.pem");
  writeFileSync(file, chain);
  expect(
    spawnSync("openssl", ["verify", "-x509_strict", "-CAfile", join(ca, "ca.crt"), file], {
      encoding: "utf8",
    }).stdout,
  ).toBe(`${file}: OK\n`);
  const text = execFileSync(
    "openssl",
    ["x509", "-in", file, "-noout", "-subject", "-ext", "subjectAltName,extendedKeyUsage,basicConstraints"],
    { encoding: "utf8" },
  );
  expect(text).toContain("CN = db-1");
  expect(text).toContain("DNS:db-1, DNS:localhost, IP Address:10.0.0.1");
  expect(text).toContain("TLS Web Server Authentication, TLS Web Client Authentication");
  expect(text).not.toContain("example.com");
  expect(
    execFileSync("openssl", ["x509", "-in", file, "-noout", "-checkend", String(29 * 86_400)], {
      encoding: "utf8",
    }),
  ).toContain("will not expire");
});
