// What a deploy refuses before it applies anything; each a pure function, with the way out in its words.
import type { Change } from "../terraform/plan-json.ts";
import { hostsGivenUp, type RecordedHost } from "../terraform/records.ts";
import { plural } from "../text/quantity.ts";

export interface Refusal {
  readonly brake: "loss" | "delete" | "hosts";
  readonly reason: string;
}

/** Of a region's hosts more may not fail their plan. */
const FAILING_SHARE = 0.3;

/** Hosted zones and signing keys: deleted, the names below them end, or come back under other servers and keys. */
const STORED: Readonly<Record<string, string>> = {
  aws_kms_key: "a signing key",
  aws_route53_key_signing_key: "a signing key of a zone",
  aws_route53_zone: "a zone with all of its names",
  cloudflare_zone: "a zone with all of its names",
};

export interface Present {
  /** Host → its address, of all stacks as they are now: a host that changed its region is not lost. */
  readonly hosts: ReadonlyMap<string, string | undefined>;
  /** Hosts that may be lost. */
  readonly allowLoss: readonly string[];
}

/** A plan that gives hosts up which were not retired. */
export function lossByPlan(changes: readonly Change[], present: Present): Refusal[] {
  const lost = lostHosts(hostsGivenUp(changes), present);
  return lost.map((host) => loss(host, "its row is gone from the platform file"));
}

/** A region that left the platform file as a whole, with hosts that were not retired. */
export function lossOfRegion(
  stack: string,
  { hosts, state }: { readonly hosts: readonly RecordedHost[]; readonly state: string },
  present: Present,
): Refusal[] {
  const where = `${stack} is gone from the platform file, and ${state} still knows it`;
  return lostHosts(hosts, present).map((host) => loss(host, where));
}

function lostHosts(recorded: readonly RecordedHost[], { hosts, allowLoss }: Present): string[] {
  return recorded
    .filter(({ host, address, retired }) => !retired && !(hosts.has(host) && hosts.get(host) === address))
    .map(({ host }) => host)
    .filter((host) => !allowLoss.includes(host));
}

function loss(host: string, where: string): Refusal {
  const row =
    "put its row back with `retire: true` (`retire: lost` where it is dead), deploy, and then remove the row";
  return {
    brake: "loss",
    reason: `${host} would be lost, and was not retired: ${where}, while the host would go on running with its data, secrets and memberships; ${row}; or give it up: --allow-loss ${host}`,
  };
}

/** A plan that deletes or replaces what holds names or keys. */
export function deletionOfStored(changes: readonly Change[], allowDelete: readonly string[]): Refusal[] {
  return changes
    .filter(({ type, verb }) => type in STORED && (verb === "delete" || verb === "replace"))
    .filter(({ address }) => !allowDelete.includes(address))
    .map(({ address, type, verb }) => ({
      brake: "delete",
      reason: `${address} would be ${verb}d, and it is ${STORED[type]}, which does not come back; if that is meant: --allow-delete '${address}'`,
    }));
}

/** A region of which too many hosts can not even be asked. */
export function failingHosts(stack: string, hosts: number, failing: readonly string[]): Refusal[] {
  if (failing.length <= hosts * FAILING_SHARE) return [];
  return [
    {
      brake: "hosts",
      reason: `${failing.length} of ${plural(hosts, "host")} of ${stack} can not be asked (${failing.join(", ")}), more than ${FAILING_SHARE * 100} %: mend them first (soundstage doctor --stack ${stack}); the others alone: soundstage apply --stack ${stack} --skip-unreachable`,
    },
  ];
}
