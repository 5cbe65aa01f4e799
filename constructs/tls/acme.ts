// A certificate from an ACME authority by DNS-01, as scripts around Debian's certbot 2.1.
import { shell, word } from "../../templates/shell/print.ts";
import type { AcmeSource } from "./certificate.ts";

/** Renewing is certbot's own business: only a missing certificate, or one for other names, is asked for here. */
export function acmeCheck(folder: string, names: readonly string[]): string {
  const wanted = [...names].sort().map((name) => `DNS:${name}`);
  return shell(
    `[ -s ${word(`${folder}/fullchain.pem`)} ] || exit 1`,
    `held=$(openssl x509 -in ${word(`${folder}/fullchain.pem`)} -noout -ext subjectAltName | tail -n 1 | tr -d ' ' | tr , '\\n' | sort | tr '\\n' ' ')`,
    `[ "$held" = ${word(`${wanted.join(" ")} `)} ] || exit 1`,
  );
}

export interface AcmeRequest {
  readonly lineage: string;
  readonly names: readonly string[];
  /** Final path of the token's file. */
  readonly credentials: string;
  /** Its name among the staged secrets. */
  readonly staged: string;
  readonly source: AcmeSource;
}

export function acmeApply({ lineage, names, credentials, staged, source }: AcmeRequest): string {
  const options = [
    "--non-interactive --agree-tos --keep-until-expiring --expand",
    `--email ${word(source.email)}`,
    `--cert-name ${word(lineage)}`,
    "--key-type ecdsa --elliptic-curve secp256r1",
    `--dns-cloudflare --dns-cloudflare-credentials ${word(credentials)} --dns-cloudflare-propagation-seconds 30`,
    // Saved in the renewal file: it runs at every renewal, and a configuration that fails is not loaded.
    "--deploy-hook 'systemctl is-active --quiet nginx && nginx -t && systemctl reload nginx || true'",
    ...(source.server ? [`--server ${word(source.server)}`] : []),
    ...names.map((name) => `-d ${word(name)}`),
  ];
  return shell(
    `install -D -m 0600 "$SOUNDSTAGE_SECRETS/${staged}" ${word(credentials)}`,
    `certbot certonly ${options.join(" ")}`,
  );
}
