// A certificate of one host: its key is made there and never leaves it.
import { Construct } from "constructs";
import { sha256 } from "../../bundle/hash.ts";
import type { OperatorRef, SecretRef } from "../../bundle/manifest.ts";
import type { Host } from "../host/host.ts";
import { InvalidProps } from "../invalid-props.ts";
import { acmeApply, acmeCheck, liveFolder } from "./acme.ts";
import { AUTHORITY_FILE, trustAuthority } from "./authority-file.ts";
import { commonNameFault } from "./common-name.ts";
import { privateCaApply, privateCaCheck, privateCaRequest } from "./private-ca.ts";

/** The operator's own authority: it signs what the hosts ask for. */
export interface Authority {
  /** Its certificate, first in the file; what stands after it is trusted as well, while one takes the other's place. */
  readonly certificate: OperatorRef;
  readonly key: OperatorRef;
  /** Lifetime of what it signs; renewed when a third is left. */
  readonly days: number;
}

export interface AcmeSource {
  readonly email: string;
  /** API token with Zone:DNS:Edit for the zones of the names. */
  readonly token: SecretRef;
  /** Directory of another authority. @default Let's Encrypt */
  readonly server?: string | undefined;
}

/** A copy for a service that runs as a user of its own. */
export interface Reader {
  /** Folder that gets `host.crt`, `host.key` (0600) and `ca.crt`. */
  readonly folder: string;
  /** `user:group`. */
  readonly owner: string;
}

export interface CertificateProps {
  readonly host: Host;
  /** DNS names; the first is the common name. */
  readonly names: readonly string[];
  /** @default none */
  readonly addresses?: readonly string[];
  /** @default ["serverAuth"] */
  readonly usages?: readonly ("serverAuth" | "clientAuth")[];
  readonly source: { readonly privateCa: Authority } | { readonly acme: AcmeSource };
  /** Only from the private CA. @default none */
  readonly readers?: readonly Reader[];
}

export interface CertificatePaths {
  /** The host's certificate and what it is signed by. */
  readonly chain: string;
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
}

export class Certificate extends Construct {
  readonly paths: CertificatePaths;

  constructor(scope: Construct, id: string, props: CertificateProps) {
    super(scope, id);
    const { host, names, source } = props;
    const readers = props.readers ?? [];
    InvalidProps.throwIfAny(this, [
      names.length === 0 && "a certificate needs at least one name",
      commonNameFault(names[0] ?? ""),
      "acme" in source &&
        (props.addresses?.length ?? 0) > 0 &&
        "an ACME certificate by DNS-01 carries names, not addresses",
      "acme" in source &&
        readers.length > 0 &&
        "copies for other users are made of the private CA's certificates only",
    ]);
    this.paths =
      "acme" in source
        ? this.#acme(host, names, source.acme)
        : this.#privateCa(host, { ...props, readers }, source.privateCa);
  }

  /** What units list as triggers: the certificate as they read it, and whom they trust. */
  triggers(reader?: Reader): string[] {
    return [
      reader ? `${reader.folder}/host.crt` : this.paths.certificate,
      ...(this.paths.ca === AUTHORITY_FILE ? [AUTHORITY_FILE] : []),
    ];
  }

  #privateCa(
    host: Host,
    { readers, ...props }: CertificateProps & { readonly readers: readonly Reader[] },
    authority: Authority,
  ): CertificatePaths {
    const folder = `/etc/soundstage/tls/${this.node.id}`;
    const names = [...props.names];
    const addresses = [...(props.addresses ?? [])];
    const usages = [...(props.usages ?? (["serverAuth"] as const))];
    const wanted = [...names, ...addresses, ...usages].join(" ");
    host.package(this, "openssl");
    const ca = trustAuthority(host, authority);
    host.produces(folder, ...readers.map((reader) => reader.folder));
    host.action(this, `certificate-${this.node.id}`, {
      when: "prepare",
      scope: "operator",
      check: privateCaCheck(folder, wanted, authority.days, readers),
      request: privateCaRequest(folder, names[0] as string),
      apply: privateCaApply(folder, wanted, readers),
      certificate: {
        names,
        addresses,
        days: authority.days,
        usages,
        authority: { certificate: authority.certificate, key: authority.key },
      },
    });
    return {
      chain: `${folder}/fullchain.pem`,
      certificate: `${folder}/host.crt`,
      key: `${folder}/host.key`,
      ca,
    };
  }

  #acme(host: Host, names: readonly string[], source: AcmeSource): CertificatePaths {
    const lineage = `soundstage-${this.node.id}`;
    const folder = liveFolder(lineage);
    const credentials = "/etc/soundstage/secrets/cloudflare.ini";
    host.package(this, "certbot", "python3-certbot-dns-cloudflare", "openssl");
    host.secret(this, credentials, { parts: ["dns_cloudflare_api_token = ", source.token, "\n"] });
    host.action(this, `certificate-${this.node.id}`, {
      when: "prepare",
      scope: "host",
      check: acmeCheck(lineage, names, source.server),
      apply: acmeApply({ lineage, names, credentials, staged: sha256(credentials), source }),
    });
    host.produces(
      ...["live", "archive"].map((kept) => `/etc/letsencrypt/${kept}/${lineage}`),
      `/etc/letsencrypt/renewal/${lineage}.conf`,
      "/etc/letsencrypt/accounts",
    );
    host.unit(this, "certbot.timer");
    return {
      chain: `${folder}/fullchain.pem`,
      certificate: `${folder}/fullchain.pem`,
      key: `${folder}/privkey.pem`,
      ca: "/etc/ssl/certs/ca-certificates.crt",
    };
  }
}
