// A zone on Cloudflare, written so that plans of the v5 provider settle: absolute names, quoted TXT, no empty objects.
import type {
  DnsRecord as CloudflareRecord,
  DnsRecordConfig,
} from "@cdktf/provider-cloudflare/lib/dns-record/index.js";
import { Fn, TerraformStack, TerraformVariable } from "cdktf";
import type { Construct } from "constructs";
import { cloudflare } from "../bindings.ts";
import { escapeTemplates } from "../escape.ts";
import { freeId, recordId } from "./ids.ts";
import { type DnsRecord, quotedTxt, recordText } from "./record.ts";
import type { DelegationSigner, ProviderZone } from "./zone.ts";

export interface InnerZoneProps {
  readonly domain: string;
  readonly ttl: number;
  readonly records: readonly DnsRecord[];
  readonly signed: boolean;
}

const ACCOUNT = "cloudflare_account_id";
/** A zone of Cloudflare has two name servers, one of Route 53 four. */
const NAME_SERVERS = 2;

export class CloudflareZone implements ProviderZone {
  readonly nameServers: readonly string[];
  readonly ds?: DelegationSigner;
  readonly #scope: Construct;
  readonly #zoneId: string;
  readonly #ttl: number;

  constructor(scope: Construct, props: InnerZoneProps) {
    this.#scope = scope;
    this.#ttl = props.ttl;
    const { Zone } = cloudflare("zone", scope);
    const zone = new Zone(scope, "Resource", {
      account: { id: account(scope) },
      name: props.domain,
      lifecycle: { preventDestroy: true },
    });
    this.#zoneId = zone.id;
    this.nameServers = Array.from(
      { length: NAME_SERVERS },
      (_, index) => Fn.element(zone.nameServers, index) as string,
    );
    for (const record of props.records) {
      const id = freeId(scope, recordId(record, props.domain), recordText(record));
      const resource = this.#record(id, record.name, record.ttl, content(record));
      // The binding types flags as a map and turns a number into {}; the provider wants the number.
      if (record.type === "CAA") resource.addOverride("data.flags", record.flags);
    }
    if (props.signed) {
      const { ZoneDnssec } = cloudflare("zone-dnssec", scope);
      const dnssec = new ZoneDnssec(scope, "dnssec", { zoneId: zone.id, status: "active" });
      this.ds = {
        keyTag: dnssec.keyTag,
        algorithm: dnssec.algorithm as unknown as number,
        digestType: dnssec.digestType as unknown as number,
        digest: dnssec.digest,
      };
    }
  }

  delegate(child: string, nameServers: readonly string[], ds: DelegationSigner | undefined): void {
    const label = child.split(".")[0] as string;
    for (const [index, target] of nameServers.entries()) {
      const id = freeId(this.#scope, `${label}-NS-${index + 1}`, child);
      this.#record(id, child, undefined, { type: "NS", content: target });
    }
    if (ds)
      this.#record(freeId(this.#scope, `${label}-DS`, child), child, undefined, {
        type: "DS",
        data: { ...ds },
      });
  }

  #record(id: string, name: string, ttl: number | undefined, rest: RecordContent): CloudflareRecord {
    // A proxied record has no TTL of its own: any other value comes back as 1 and never settles.
    const seconds = rest.proxied === true ? 1 : (ttl ?? this.#ttl);
    const { DnsRecord } = cloudflare("dns-record", this.#scope);
    return new DnsRecord(this.#scope, id, { zoneId: this.#zoneId, name, ttl: seconds, ...rest });
  }
}

type RecordContent = Pick<DnsRecordConfig, "type" | "content" | "data" | "priority" | "proxied">;

function content(record: DnsRecord): RecordContent {
  switch (record.type) {
    case "A":
    case "AAAA":
      return { type: record.type, content: record.address, proxied: record.proxied ?? false };
    case "CNAME":
      return { type: record.type, content: record.target, proxied: record.proxied ?? false };
    case "NS":
      return { type: record.type, content: record.target };
    case "MX":
      return { type: "MX", content: record.target, priority: record.priority };
    case "TXT":
      return { type: "TXT", content: escapeTemplates(quotedTxt(record.text)) };
    case "SRV": {
      const { priority, weight, port, target } = record;
      return { type: "SRV", priority, data: { priority, weight, port, target } };
    }
    case "CAA":
      return { type: "CAA", data: { tag: record.tag, value: escapeTemplates(record.issuer) } };
  }
}

/** The account is no secret and no platform's business: the operator's environment names it, as TF_VAR_cloudflare_account_id. */
function account(scope: Construct): string {
  const stack = TerraformStack.of(scope);
  const known = stack.node.tryFindChild(ACCOUNT) as TerraformVariable | undefined;
  const variable =
    known ??
    new TerraformVariable(stack, ACCOUNT, {
      type: "string",
      description: "Cloudflare account that holds the zones (TF_VAR_cloudflare_account_id)",
    });
  return variable.stringValue;
}
