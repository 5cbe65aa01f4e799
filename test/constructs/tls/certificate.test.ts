import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sha256 } from "../../../bundle/hash.ts";
import type { Action } from "../../../bundle/manifest.ts";
import { Certificate, type CertificateProps } from "../../../constructs/tls/certificate.ts";
import { createAuthority, sign } from "../../../converge/secrets/authority.ts";
import { AUTHORITY, bundleOf } from "../hosts.ts";

const TOKEN = { env: "CF_DNS_TOKEN", version: 1 };
const AUTHORITY_FILE = "/etc/soundstage/tls/ca.crt";

function action(props: Partial<CertificateProps>): Action {
  return bundle(props).manifest.actions[0] as Action;
}

function bundle(props: Partial<CertificateProps> = {}) {
  return bundleOf(
    (host) =>
      new Certificate(host, "edge", {
        host,
        names: ["example.test"],
        source: { privateCa: AUTHORITY },
        ...props,
      }),
  );
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

/** A host's files in a folder of their own, and what its scripts do there. */
function hostIn(folder: string) {
  execFileSync("mkdir", ["-p", join(folder, "tls"), join(folder, "staged")]);
  return {
    folder,
    run: (script: string | undefined, input = "") =>
      spawnSync("sh", ["-eu"], {
        input: (script as string)
          .replaceAll("/etc/soundstage", folder)
          .replace(/^cat > chain\.new$/m, `cat > chain.new <<'END'\n${input}END`),
        encoding: "utf8",
        env: { ...process.env, SOUNDSTAGE_SECRETS: join(folder, "staged") },
      }),
    /** The file as the operator has it, on its way to its place. */
    stage: (content: string) => writeFileSync(join(folder, "staged", sha256(AUTHORITY_FILE)), content),
  };
}

test("a key is made on the host, its certificate is installed where it fits, and renewed when it is due", async () => {
  const folder = mkdtempSync(join(tmpdir(), "certificate-"));
  await createAuthority(join(folder, "ca"));
  const authority = (name: string) => ({
    certificate: readFileSync(join(folder, name, "ca.crt"), "utf8"),
    key: readFileSync(join(folder, name, "ca.key"), "utf8"),
  });
  const { username } = userInfo();
  const group = execFileSync("id", ["-gn"], { encoding: "utf8" }).trim();
  const reader = { folder: join(folder, "copy"), owner: `${username}:${group}` };
  const wanted = action({ names: ["example.test", "*.example.test"], readers: [reader] });
  const { run, stage } = hostIn(folder);
  expect(run(wanted.check).status).toBe(1);
  stage(authority("ca").certificate);
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

test("a new authority signs anew, before its file takes the other's place; the old one's signature is refused then", async () => {
  const folder = mkdtempSync(join(tmpdir(), "authority-"));
  const authority = async (name: string) => {
    await createAuthority(join(folder, name));
    const read = (file: string) => readFileSync(join(folder, name, file), "utf8");
    return { certificate: read("ca.crt"), key: read("ca.key") };
  };
  const [first, second] = [await authority("first"), await authority("second")];
  const { run, stage } = hostIn(folder);
  const wanted = action({});
  const ask = async (by: { certificate: string; key: string }) =>
    sign(run(wanted.request).stdout, wanted.certificate as NonNullable<Action["certificate"]>, by);
  const issuer = () =>
    execFileSync("openssl", ["x509", "-in", join(folder, "tls/edge/host.crt"), "-noout", "-issuer"], {
      encoding: "utf8",
    });
  const from = ({ certificate }: { certificate: string }) =>
    execFileSync("openssl", ["x509", "-noout", "-subject"], { input: certificate, encoding: "utf8" }).replace(
      "subject",
      "issuer",
    );
  expect(from(first)).not.toBe(from(second));
  stage(first.certificate);
  expect(run(wanted.apply, await ask(first)).stderr).toBe("");
  expect([run(wanted.check).status, issuer()]).toEqual([0, from(first)]);

  // While one takes the other's place both are trusted, and the first of the file signs.
  const both = { certificate: second.certificate + first.certificate, key: second.key };
  stage(both.certificate);
  expect(run(wanted.check).status).toBe(1);
  expect(run(wanted.apply, await ask(both)).stderr).toBe("");
  expect([run(wanted.check).status, issuer()]).toEqual([0, from(second)]);
  expect(readFileSync(join(folder, "tls/edge/ca.crt"), "utf8")).toBe(both.certificate);

  stage(second.certificate);
  expect(run(wanted.check).status).toBe(1);
  expect(run(wanted.apply, await ask(first)).status).not.toBe(0);
  expect(run(wanted.apply, await ask(second)).stderr).toBe("");
  // In its place, and nothing is on its way: what the host holds is compared.
  execFileSync("mv", [join(folder, "staged", sha256(AUTHORITY_FILE)), join(folder, "tls/ca.crt")]);
  expect(run(wanted.check).status).toBe(0);
});

test("the authority's certificate is on the host once, whoever asks, and units follow it", () => {
  const asked = { names: ["example.test"], source: { privateCa: AUTHORITY } };
  const { manifest } = bundleOf((host) => {
    const certificates = ["edge", "database"].map((id) => new Certificate(host, id, { host, ...asked }));
    host.unit(host, "nginx.service", { reload: certificates[0]?.triggers() ?? [] });
  });
  expect(manifest.secrets).toEqual([
    { path: AUTHORITY_FILE, mode: "0644", owner: "root:root", parts: [AUTHORITY.certificate, "\n"] },
  ]);
  expect(manifest.units[0]?.reload).toEqual(["/etc/soundstage/tls/edge/host.crt", AUTHORITY_FILE]);
});

test("a certificate from another directory than the one that is wanted is due, and asked for anew", () => {
  const folder = mkdtempSync(join(tmpdir(), "letsencrypt-"));
  const live = join(folder, "live/soundstage-edge");
  execFileSync("mkdir", ["-p", live, join(folder, "renewal"), join(folder, "bin"), join(folder, "staged")]);
  execFileSync("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-keyout", join(folder, "key"), "-out", join(live, "fullchain.pem"), "-days", "2"],
    ...["-subj", "/CN=test", "-addext", "subjectAltName=DNS:example.test"],
  ]);
  const directory = (host: string) => `https://${host}.api.letsencrypt.org/directory`;
  writeFileSync(
    join(folder, "renewal/soundstage-edge.conf"),
    `[renewalparams]\naccount = 0\nserver = ${directory("acme-staging-v02")}\n`,
  );
  // Only says how it was called: what it would call is not here.
  writeFileSync(join(folder, "bin/certbot"), `#!/bin/sh\nprintf '%s\\n' "$@"\n`, { mode: 0o755 });
  const credentials = "/etc/soundstage/secrets/cloudflare.ini";
  writeFileSync(join(folder, "staged", sha256(credentials)), "dns_cloudflare_api_token = x\n");
  const issue = (server?: string) => {
    const { check, apply } = action({ source: { acme: { email: "a@example.test", token: TOKEN, server } } });
    const run = (script: string) =>
      spawnSync("sh", ["-eu"], {
        input: script.replaceAll("/etc/letsencrypt", folder).replaceAll("/etc/soundstage", folder),
        encoding: "utf8",
        env: {
          PATH: `${join(folder, "bin")}:${process.env.PATH}`,
          SOUNDSTAGE_SECRETS: join(folder, "staged"),
        },
      });
    return { due: run(check).status, words: run(apply).stdout.split("\n") };
  };
  const staging = issue(directory("acme-staging-v02"));
  expect(staging.due).toBe(0);
  expect(staging.words).not.toContain("--force-renewal");
  const production = issue();
  expect(production.due).toBe(1);
  expect(production.words).toEqual(
    expect.arrayContaining(["--force-renewal", "--server", directory("acme-v02")]),
  );
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
  expect(issue.apply).not.toContain("CF_DNS_TOKEN");
  expect(spawnSync("sh", ["-n"], { input: issue.apply }).status).toBe(0);
});
