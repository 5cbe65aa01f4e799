// Which region answers whom: the regions that are live, as far as they are healthy.
import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { aws } from "../constructs/bindings.ts";
import { GeoAnswers, type GeoAnswersProps } from "../constructs/dns/geo-answers.ts";
import { freeId, zoneId } from "../constructs/dns/ids.ts";
import { edgeName } from "../platform/names.ts";
import type { Platform } from "../platform/schema.ts";
import { setBackend } from "./backend.ts";
import { addAws } from "./providers.ts";

export interface TrafficStackProps {
  readonly platform: Platform;
  /** The platform file, relative to the output's folder. */
  readonly source: string;
}

export class TrafficStack extends TerraformStack {
  constructor(scope: Construct, id: string, { platform, source }: TrafficStackProps) {
    super(scope, id);
    setBackend(this, id, { platform, source });
    addAws(this);
    const { DataAwsRoute53Zone } = aws("data-aws-route53-zone", this);
    // A host is asked once, whatever the number of names that it answers: each check is paid for.
    let checks: ReadonlyMap<string, string> = new Map();
    for (const [domain, { answers }] of Object.entries(platform.zones)) {
      const labels = Object.keys(answers);
      if (labels.length === 0) continue;
      // Looked up, not passed on: a stack can be deployed alone.
      const zone = new DataAwsRoute53Zone(this, zoneId(this, domain), { name: domain });
      for (const label of labels) {
        const name = `${label}.${domain}`;
        ({ checks } = new GeoAnswers(this, freeId(this, `${label}-${domain.replaceAll(".", "-")}`, name), {
          zoneId: zone.zoneId,
          name,
          pools: pools(platform),
          checks,
        }));
      }
    }
  }
}

function pools({ regions, edge }: Platform): GeoAnswersProps["pools"] {
  return Object.fromEntries(
    Object.entries(regions)
      .filter(([, { live }]) => live)
      .map(([region, { hosts, serves }]) => [
        region,
        {
          serves,
          hosts: Object.entries(hosts)
            .filter(([, { roles, retire }]) => roles.includes("edge") && !retire)
            .map(([id, { address }]) => ({ id, address, name: edgeName(id, edge?.zone ?? "") })),
        },
      ]),
  );
}
