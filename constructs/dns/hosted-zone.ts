// A zone on Route 53: one resource a set of records, signed by a key in KMS.
import type { Route53Zone } from "@cdktf/provider-aws/lib/route53-zone/index.js";
import { Fn } from "cdktf";
import type { Construct } from "constructs";
import { aws } from "../bindings.ts";
import { escapeTemplates } from "../escape.ts";
import type { InnerZoneProps } from "./cloudflare-zone.ts";
import { freeId } from "./ids.ts";
import { type DnsRecord, route53Value } from "./record.ts";
import type { DelegationSigner, ProviderZone } from "./zone.ts";

const NAME_SERVERS = 4;

export class HostedZone implements ProviderZone {
  readonly nameServers: readonly string[];
  readonly ds?: DelegationSigner;
  readonly #scope: Construct;
  readonly #zone: Route53Zone;
  readonly #domain: string;
  readonly #ttl: number;

  constructor(scope: Construct, { domain, ttl, records, signed }: InnerZoneProps) {
    this.#scope = scope;
    this.#domain = domain;
    this.#ttl = ttl;
    const { Route53Zone } = aws("route53-zone", scope);
    this.#zone = new Route53Zone(scope, "Resource", {
      name: domain,
      comment: "Managed by Soundstage",
      lifecycle: { preventDestroy: true },
    });
    this.nameServers = Array.from(
      { length: NAME_SERVERS },
      (_, index) => Fn.element(this.#zone.nameServers, index) as string,
    );
    const sets = new Map<string, DnsRecord[]>();
    for (const record of records) {
      const key = `${record.name} ${record.type}`;
      sets.set(key, [...(sets.get(key) ?? []), record]);
    }
    for (const set of sets.values()) {
      const [first] = set as [DnsRecord];
      this.#set(
        first.name,
        first.type,
        first.ttl,
        set.map((record) => escapeTemplates(route53Value(record))),
      );
    }
    if (signed) this.ds = this.#sign();
  }

  delegate(child: string, nameServers: readonly string[], ds: DelegationSigner | undefined): void {
    this.#set(child, "NS", undefined, nameServers);
    if (ds) this.#set(child, "DS", undefined, [`${ds.keyTag} ${ds.algorithm} ${ds.digestType} ${ds.digest}`]);
  }

  #set(name: string, type: string, ttl: number | undefined, values: readonly string[]): void {
    const label =
      name === this.#domain ? "apex" : name.slice(0, -this.#domain.length - 1).replace("*", "wildcard");
    const { Route53Record } = aws("route53-record", this.#scope);
    new Route53Record(this.#scope, freeId(this.#scope, `${label}-${type}`, name), {
      zoneId: this.#zone.zoneId,
      name,
      type,
      ttl: ttl ?? this.#ttl,
      records: [...values],
    });
  }

  /** The key must lie in us-east-1, where this stack's provider is (Route 53, "Working with customer managed keys"). */
  #sign(): DelegationSigner {
    const scope = this.#scope;
    const { DataAwsCallerIdentity } = aws("data-aws-caller-identity", scope);
    const { KmsKey } = aws("kms-key", scope);
    const { Route53KeySigningKey } = aws("route53-key-signing-key", scope);
    const { Route53HostedZoneDnssec } = aws("route53-hosted-zone-dnssec", scope);
    const caller = new DataAwsCallerIdentity(scope, "caller");
    const key = new KmsKey(scope, "signing-key", {
      description: `Signs the zone ${this.#domain}`,
      customerMasterKeySpec: "ECC_NIST_P256",
      keyUsage: "SIGN_VERIFY",
      deletionWindowInDays: 30,
      policy: JSON.stringify(keyPolicy(caller.accountId)),
      lifecycle: { preventDestroy: true },
    });
    const signing = new Route53KeySigningKey(scope, "key-signing-key", {
      hostedZoneId: this.#zone.zoneId,
      keyManagementServiceArn: key.arn,
      name: this.#domain.replace(/[^a-z0-9]/g, "_"),
      lifecycle: { preventDestroy: true },
    });
    new Route53HostedZoneDnssec(scope, "dnssec", {
      hostedZoneId: this.#zone.zoneId,
      dependsOn: [signing],
    });
    return {
      keyTag: signing.keyTag,
      algorithm: signing.signingAlgorithmType,
      digestType: signing.digestAlgorithmType,
      digest: signing.digestValue,
    };
  }
}

/** Route 53 may sign with the key on behalf of this account's zones, and the account keeps the key. */
function keyPolicy(account: string): unknown {
  const service = { Service: "dnssec-route53.amazonaws.com" };
  const condition = {
    StringEquals: { "aws:SourceAccount": account },
    ArnLike: { "aws:SourceArn": "arn:aws:route53:::hostedzone/*" },
  };
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "Account",
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${account}:root` },
        Action: "kms:*",
        Resource: "*",
      },
      {
        Sid: "Sign",
        Effect: "Allow",
        Principal: service,
        Action: ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"],
        Resource: "*",
        Condition: condition,
      },
      {
        Sid: "Grant",
        Effect: "Allow",
        Principal: service,
        Action: "kms:CreateGrant",
        Resource: "*",
        Condition: { ...condition, Bool: { "kms:GrantIsForAWSResource": "true" } },
      },
    ],
  };
}
