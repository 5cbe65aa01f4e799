// A name that answers by where its client is, from hosts that are healthy.
import { Construct } from "constructs";
import { addressType } from "../address.ts";
import { aws } from "../bindings.ts";
import { InvalidProps } from "../invalid-props.ts";
import { freeId } from "./ids.ts";

export type Geo = "*" | { readonly continent: string } | { readonly country: string };

/** A host that answers, and the name under which its health is asked over HTTPS. */
export interface GeoHost {
  readonly id: string;
  readonly address: string;
  readonly name: string;
}

export interface GeoAnswersProps {
  readonly zoneId: string;
  /** Absolute name that is answered. */
  readonly name: string;
  /** Pool of hosts → whom it answers. */
  readonly pools: Readonly<
    Record<string, { readonly hosts: readonly GeoHost[]; readonly serves: readonly Geo[] }>
  >;
  /** Host → id of the health check that another name made for it. @default none: each host gets its own */
  readonly checks?: ReadonlyMap<string, string>;
}

/** Seconds: a client learns that a host is away within a minute. */
export const ANSWER_TTL = 60;
/** Unhealthy after three failed checks ten seconds apart: the fastest that Route 53 has. */
const CHECK = {
  type: "HTTPS",
  port: 443,
  resourcePath: "/health/ready",
  requestInterval: 10,
  failureThreshold: 3,
  enableSni: true,
} as const;

export class GeoAnswers extends Construct {
  /** Host → id of the health check that its answers hang on. */
  readonly checks: ReadonlyMap<string, string>;

  constructor(scope: Construct, id: string, props: GeoAnswersProps) {
    super(scope, id);
    const pools = Object.entries(props.pools);
    const places = pools.flatMap(([, { serves }]) => serves.map(key));
    InvalidProps.throwIfAny(this, [
      ...pools.map(
        ([pool, { hosts }]) => hosts.length === 0 && `pool "${pool}" has no host that could answer`,
      ),
      ...places
        .filter((place, index) => places.indexOf(place) !== index)
        .map((place) => `${place} is answered by two pools`),
    ]);
    const { Route53Record } = aws("route53-record", this);
    const checks = new Map(props.checks);
    this.checks = checks;
    for (const [pool, { hosts, serves }] of pools) {
      const poolName = `${pool}.pool.${props.name}`;
      for (const host of hosts) {
        const check = checks.get(host.id) ?? this.#check(host);
        checks.set(host.id, check);
        new Route53Record(this, freeId(this, `pool-${pool}-${host.id}`, pool), {
          zoneId: props.zoneId,
          name: poolName,
          type: addressType(host.address),
          ttl: ANSWER_TTL,
          records: [host.address],
          setIdentifier: host.id,
          weightedRoutingPolicy: { weight: 1 },
          healthCheckId: check,
        });
      }
      for (const type of new Set(hosts.map(({ address }) => addressType(address)))) {
        for (const geo of serves) {
          // An alias answers with the pool's healthy hosts, and not at all where it has none: then a wider place answers.
          new Route53Record(this, `${key(geo)}-${type}`, {
            zoneId: props.zoneId,
            name: props.name,
            type,
            setIdentifier: key(geo),
            geolocationRoutingPolicy: geo === "*" ? { country: "*" } : { ...geo },
            alias: { zoneId: props.zoneId, name: poolName, evaluateTargetHealth: true },
          });
        }
      }
    }
    this.node.addValidation({
      validate: () =>
        places.includes("default")
          ? []
          : [`"${props.name}" has no "*" answer, so clients elsewhere get none`],
    });
  }

  #check({ id, address, name }: GeoHost): string {
    const { Route53HealthCheck } = aws("route53-health-check", this);
    return new Route53HealthCheck(this, `check-${id}`, {
      ...CHECK,
      ipAddress: address,
      fqdn: name,
      tags: { Name: id },
    }).id;
  }
}

function key(geo: Geo): string {
  return geo === "*" ? "default" : Object.entries(geo).flat().join("-");
}
