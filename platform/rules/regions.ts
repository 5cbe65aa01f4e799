// What must hold between regions, and between them and who they answer.
import type { RegionPart } from "../parts.ts";
import { lastOf } from "./clusters.ts";
import { type Rule, repeated } from "./rule.ts";

type Live = RegionPart & { readonly row: NonNullable<RegionPart["row"]> };

const liveOf = (regions: readonly RegionPart[]): Live[] =>
  regions.filter((region): region is Live => region.row?.live === true);

const stateMissing: Rule = {
  id: "state-missing",
  find: ({ raw, zones, regions }) =>
    raw.state === undefined && zones.length + regions.length > 0
      ? [
          {
            path: ["platform"],
            key: true,
            message:
              'expected "state" beside this, as there are zones or regions: local, or {s3: {bucket: …, region: …}}, found nothing',
          },
        ]
      : [],
};

/** Amazon Route 53, "Values specific for geolocation records": one answer a place. */
const servesOnce: Rule = {
  id: "serves-once",
  find: ({ regions }) => {
    const places = liveOf(regions).flatMap(({ name, path, row }) =>
      row.serves.map((place, index) => ({
        name,
        path: [...path, "serves", index],
        key: JSON.stringify(place),
      })),
    );
    return repeated(places, ({ key }) => key).map(([{ path }, first]) => ({
      path,
      message: `region "${first.name}" serves this already`,
    }));
  },
};

/** The same page: without a default, a client of no place gets no answer. */
const servesElse: Rule = {
  id: "serves-everywhere",
  find: ({ regions, zones }) => {
    const known = regions.every(({ row }) => row !== undefined);
    const answers = zones.some((zone) => zone.answers.length > 0);
    if (!answers || !known || liveOf(regions).some(({ row }) => row.serves.includes("*"))) return [];
    const [zone] = zones.filter((each) => each.answers.length > 0);
    const message =
      'expected a live region that serves "*", found none: clients elsewhere would get no answer';
    return regions.length > 0
      ? [{ path: ["regions"], key: true, message }]
      : [{ path: [...(zone?.path ?? []), "answers"], key: true, message }];
  },
};

const servesEdge: Rule = {
  id: "serves-edge",
  find: ({ regions, zones }) =>
    zones.some((zone) => zone.answers.length > 0)
      ? liveOf(regions)
          .filter(({ hosts }) =>
            hosts.every(({ roles, rolesKnown, retire }) => retire || (rolesKnown && !roles.includes("edge"))),
          )
          .map(({ path, name, hosts }) => {
            const message = `live region "${name}" has no host with the role edge that could answer: give it one, or say live: false`;
            return lastOf(hosts, "edge", 0) ?? { path, key: true, message };
          })
      : [],
};

export const regionRules: readonly Rule[] = [stateMissing, servesOnce, servesElse, servesEdge];
