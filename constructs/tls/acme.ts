// A certificate from an ACME authority by DNS-01, as scripts around Debian's certbot 2.1.
import { shell, word } from "../../templates/shell/print.ts";
import type { AcmeSource } from "./certificate.ts";

const LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";

export const liveFolder = (lineage: string): string => `/etc/letsencrypt/live/${lineage}`;

/** Exit code of whether the certificate came from this directory, as certbot keeps it for renewals. */
const from = (lineage: string, server = LETS_ENCRYPT): string =>
  `grep -qxF ${word(`server = ${server}`)} ${word(`/etc/letsencrypt/renewal/${lineage}.conf`)} 2>/dev/null`;

/** Renewing is certbot's own business: only a missing certificate, or one for other names or from elsewhere, is asked for here. */
export function acmeCheck(lineage: string, names: readonly string[], server?: string): string {
  const folder = liveFolder(lineage);
  const wanted = [...names].sort().map((name) => `DNS:${name}`);
  return shell(
    `[ -s ${word(`${folder}/fullchain.pem`)} ] || exit 1`,
    `held=$(openssl x509 -in ${word(`${folder}/fullchain.pem`)} -noout -ext subjectAltName | tail -n 1 | tr -d ' ' | tr , '\\n' | sort | tr '\\n' ' ')`,
    `[ "$held" = ${word(`${wanted.join(" ")} `)} ] || exit 1`,
    `${from(lineage, server)} || exit 1`,
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
    `--server ${word(source.server ?? LETS_ENCRYPT)}`,
    ...names.map((name) => `-d ${word(name)}`),
  ];
  return shell(
    `install -D -m 0600 "$SOUNDSTAGE_SECRETS/${staged}" ${word(credentials)}`,
    // Certbot keeps what is valid, wherever it came from, and wants to be told twice before staging takes its place.
    "anew=",
    `if [ -e ${word(`${liveFolder(lineage)}/fullchain.pem`)} ] && ! ${from(lineage, source.server)}; then anew="--force-renewal --break-my-certs"; fi`,
    "# shellcheck disable=SC2086",
    `certbot certonly ${options.join(" ")} $anew`,
  );
}
