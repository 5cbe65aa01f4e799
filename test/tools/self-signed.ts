import { execFileSync } from "node:child_process";

/** A key, and a certificate of a name by nobody else, for two days. */
export function selfSigned(name: string, { key, certificate }: { key: string; certificate: string }): void {
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key];
  const made = ["-out", certificate, "-days", "2", "-subj", `/CN=${name}`];
  execFileSync("openssl", ["req", "-x509", ...ec, ...made, "-addext", `subjectAltName=DNS:${name}`], {
    stdio: "ignore",
  });
}
