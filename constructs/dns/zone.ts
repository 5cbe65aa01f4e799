// A public DNS zone with its records, on the provider of its choice.
import { Construct } from "constructs";
import { InvalidProps } from "../invalid-props.ts";
import { CloudflareZone } from "./cloudflare-zone.ts";
import { HostedZone } from "./hosted-zone.ts";
import { type DnsRecord, recordText } from "./record.ts";

/** `sign`: the zone is signed. `publish`: its DS stands in the parent too. `unsign`: the DS is withdrawn, signing goes on. */
export type DnssecPhase = "sign" | "publish" | "unsign";

/** The DS record of a signed zone, as attributes that Terraform learns when it applies (RFC 4034 §5). */
export interface DelegationSigner {
  readonly keyTag: number;
  readonly algorithm: number;
  readonly digestType: number;
  readonly digest: string;
}

export interface ZoneProps {
  /** Apex domain: lower case, no trailing dot. */
  readonly domain: string;
  readonly provider: "cloudflare" | "route53";
  /** Seconds resolvers may cache an answer. @default 300 */
  readonly ttl?: number;
  /** @default unsigned */
  readonly dnssec?: DnssecPhase;
  readonly records: readonly DnsRecord[];
  /** Zone of ours in which this one is delegated: NS, and DS in the phase `publish`. @default the registrar's business */
  readonly parent?: Zone;
}

/** What a provider's zone offers to its parent and its children. */
export interface ProviderZone {
  readonly nameServers: readonly string[];
  readonly ds?: DelegationSigner;
  delegate(child: string, nameServers: readonly string[], ds: DelegationSigner | undefined): void;
}

const DOMAIN = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/;

export class Zone extends Construct {
  readonly domain: string;
  readonly #zone: ProviderZone;

  constructor(scope: Construct, id: string, props: ZoneProps) {
    super(scope, id);
    this.domain = props.domain;
    const ttl = props.ttl ?? 300;
    const texts = props.records.map(recordText);
    const alias = props.records.filter(({ type }) => type === "CNAME").map(({ name }) => name);
    InvalidProps.throwIfAny(this, [
      !DOMAIN.test(this.domain) && `domain "${this.domain}" must be lower case without a trailing dot`,
      (ttl < 60 || ttl > 86_400) && `ttl ${ttl} must be 60 to 86400 seconds`,
      ...props.records.flatMap(({ name, type }) => [
        name !== this.domain && !name.endsWith(`.${this.domain}`) && `"${name}" is not inside ${this.domain}`,
        type === "CNAME" &&
          name === this.domain &&
          "a CNAME can not stand at the zone itself (RFC 1034 §3.6.2)",
        type !== "CNAME" &&
          alias.includes(name) &&
          `"${name}" is a CNAME and has a record of type ${type} too (RFC 1034 §3.6.2)`,
      ]),
      ...texts
        .filter((text, index) => texts.indexOf(text) !== index)
        .map((text) => `${text} stands there twice`),
      props.parent &&
        !this.domain.endsWith(`.${props.parent.domain}`) &&
        `${this.domain} is not inside its parent ${props.parent.domain}`,
    ]);
    const inner = { domain: this.domain, ttl, records: props.records, signed: props.dnssec !== undefined };
    this.#zone =
      props.provider === "cloudflare" ? new CloudflareZone(this, inner) : new HostedZone(this, inner);
    props.parent?.delegate(
      this.domain,
      this.#zone.nameServers,
      props.dnssec === "publish" ? this.#zone.ds : undefined,
    );
  }

  /** Points a child zone at its name servers, and at its key where it is signed and published. */
  delegate(child: string, nameServers: readonly string[], ds?: DelegationSigner): void {
    this.#zone.delegate(child, nameServers, ds);
  }
}
