import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Action } from "../../../bundle/manifest.ts";
import { Certificate, type CertificateProps } from "../../../constructs/tls/certificate.ts";
import { createAuthority, sign } from "../../../converge/secrets/authority.ts";
import { AUTHORITY, bundleOf } from "../hosts.ts";

const TOKEN = { env: "CF_DNS_TOKEN", version: 1 };

function action(props: Partial<CertificateProps>): Action {
  const { manifest } = bundleOf(
    (host) =>
      new Certificate(host, "edge", {
        host,
        names: ["example.test"],
        source: { privateCa: AUTHORITY },
        ...props,
      }),
  );
  return manifest.actions[0] as Action;
}

test.for([
  [{ names: [] }, /at least one name/],
  [{ names: [`${"a".repeat(60)}.test`] }, /longer than 64 characters/],
  [
    { addresses: ["10.0.0.1"], source: { acme: { email: "a@example.test", token: TOKEN } } },
    /carries names, not addresses/,
  ],
] as const)("a certificate that can not be is refused: %j", ([props, message]) => {
  expect(() => action(props)).toThrow(message);
});

test("a key is made on the host, its certificate is installed where it fits, and renewed when it is due", async () => {
  const folder = mkdtempSync(join(tmpdir(), "certificate-"));
  await createAuthority(join(folder, "ca"));
  await createAuthority(join(folder, "other"));
  const authority = (name: string) => ({
    certificate: readFileSync(join(folder, name, "ca.crt"), "utf8"),
    key: readFileSync(join(folder, name, "ca.key"), "utf8"),
  });
  const { username } = userInfo();
  const group = execFileSync("id", ["-gn"], { encoding: "utf8" }).trim();
  const reader = { folder: join(folder, "copy"), owner: `${username}:${group}` };
  const wanted = action({ names: ["example.test", "*.example.test"], readers: [reader] });
  const run = (script: string | undefined, input = "") =>
    spawnSync("sh", ["-eu"], {
      input: (script as string)
        .replaceAll("/etc/soundstage", folder)
        .replace(/^cat > chain\.new$/m, `cat > chain.new <<'END'\n${input}END`),
      encoding: "utf8",
    });

  expect(run(wanted.check).status).toBe(1);
  execFileSync("mkdir", ["-p", join(folder, "tls")]);
  const { stdout: request } = run(wanted.request);
  const chain = await sign(
    request,
    wanted.certificate as NonNullable<Action["certificate"]>,
    authority("ca"),
  );
  expect(run(wanted.apply, chain).stderr).toBe("");
  expect(run(wanted.check).status).toBe(0);
  expect(statSync(join(folder, "tls/edge/host.key")).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, "copy/host.key")).mode & 0o777).toBe(0o600);
  expect(
    execFileSync(
      "openssl",
      ["x509", "-in", join(folder, "tls/edge/host.crt"), "-noout", "-ext", "subjectAltName"],
      { encoding: "utf8" },
    ),
  ).toContain("DNS:example.test, DNS:*.example.test");

  // Other names, a copy that is gone and another key are each due; a certificate for another key is refused.
  expect(run(action({ names: ["example.test"], readers: [reader] }).check).status).toBe(1);
  execFileSync("rm", [join(folder, "copy/host.crt")]);
  expect(run(wanted.check).status).toBe(1);
  writeFileSync(
    join(folder, "tls/edge/host.key"),
    execFileSync("openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-noout"]),
  );
  const refused = run(wanted.apply, chain);
  expect([refused.status, refused.stderr]).toEqual([
    1,
    expect.stringContaining("the certificate is for another key"),
  ]);
});

test("certbot is asked with a token that stands in no argument, and reloads nginx only where its files are right", () => {
  const issue = action({
    names: ["example.test", "edge-1.edge.example.test"],
    source: { acme: { email: "a@example.test", token: TOKEN } },
  });
  expect(issue).toMatchObject({ when: "prepare", scope: "host" });
  expect(issue.apply).toContain("--dns-cloudflare-credentials /etc/soundstage/secrets/cloudflare.ini");
  expect(issue.apply).toContain("-d example.test -d edge-1.edge.example.test");
  expect(issue.apply).toContain("nginx -t && systemctl reload nginx");
  expect(issue.apply).not.toMatch(/force-renewal|CF_DNS_TOKEN/);
  expect(spawnSync("sh", ["-n"], { input: issue.apply }).status).toBe(0);
});
