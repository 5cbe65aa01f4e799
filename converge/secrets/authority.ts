// The private certificate authority: its key stays on the operator's side; hosts make their keys and ask.
import { randomBytes, webcrypto } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import { makeFolder } from "../../bundle/make-folder.ts";
import type { CertificateRequest } from "../../bundle/manifest.ts";
import { ConvergeFault } from "../fault.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 86_400_000;
/** Clocks of hosts differ a little. */
const SKEW = 300_000;
const crypto = webcrypto as typeof globalThis.crypto;
x509.cryptoProvider.set(crypto);

/** Makes `ca.key` (0600) and `ca.crt` in a folder, for ten years; refuses to overwrite either. */
export async function createAuthority(folder: string): Promise<void> {
  const [keyFile, certificateFile] = [join(folder, "ca.key"), join(folder, "ca.crt")];
  for (const file of [keyFile, certificateFile]) {
    if (existsSync(file))
      throw new ConvergeFault(
        `${file} is there already: every certificate of the platform hangs on it; remove it yourself to start anew`,
      );
  }
  const number = serial();
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: number,
    // Told from the authority that it replaces: for a time hosts trust both.
    name: `CN=Soundstage private CA ${number.slice(0, 8)}`,
    notBefore: new Date(Date.now() - SKEW),
    notAfter: new Date(Date.now() + 3650 * DAY),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  makeFolder(folder, 0o700);
  const key = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  const lines = key.match(/.{1,64}/g)?.join("\n");
  writeFileSync(keyFile, `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`, {
    mode: 0o600,
  });
  writeFileSync(certificateFile, `${certificate.toString("pem")}\n`);
}

/** Signs a host's public key for exactly what the manifest says, whatever else its request asks for. */
export async function sign(
  request: string,
  wanted: CertificateRequest,
  authority: { certificate: string; key: string },
): Promise<string> {
  const csr = new x509.Pkcs10CertificateRequest(request);
  if (!(await csr.verify()))
    throw new ConvergeFault("the host's certificate request is not signed by its own key");
  const issuer = new x509.X509Certificate(authority.certificate);
  const der = Buffer.from(authority.key.replace(/-----[^-]+-----|\s/g, ""), "base64");
  const signingKey = await crypto.subtle.importKey("pkcs8", der, ALGORITHM, false, ["sign"]);
  const usages = {
    serverAuth: x509.ExtendedKeyUsage.serverAuth,
    clientAuth: x509.ExtendedKeyUsage.clientAuth,
  };
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: `CN=${wanted.names[0]}`,
    issuer: issuer.subject,
    notBefore: new Date(Date.now() - SKEW),
    notAfter: new Date(Date.now() + wanted.days * DAY),
    signingAlgorithm: ALGORITHM,
    publicKey: await csr.publicKey.export(),
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(wanted.usages.map((usage) => usages[usage])),
      new x509.SubjectAlternativeNameExtension([
        ...wanted.names.map((value) => ({ type: "dns" as const, value })),
        ...wanted.addresses.map((value) => ({ type: "ip" as const, value })),
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(csr.publicKey),
    ],
  });
  return `${certificate.toString("pem")}\n${issuer.toString("pem")}\n`;
}

/** 127 random bits, positive (RFC 5280 §4.1.2.2). */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
  return bytes.toString("hex");
}
