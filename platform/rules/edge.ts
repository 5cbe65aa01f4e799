// What must hold between the edge, its certificate and the zones.

import { edgeName } from "../names.ts";
import type { Parts } from "../parts.ts";
import { rows, texts } from "../rows.ts";
import { type Finding, listed, type Rule, repeated } from "./rule.ts";

const edgeNames = ({ raw }: Parts) => texts(rows(raw.edge).names);

/** A wildcard stands for exactly one label, the first (RFC 6125 §6.4.3). */
function covers(patterns: ReadonlySet<string>, name: string): boolean {
  return patterns.has(name) || (name.includes(".") && patterns.has(`*${name.slice(name.indexOf("."))}`));
}

const edgeZone: Rule = {
  id: "edge-zone",
  find: ({ raw, zones }) => {
    const { zone } = rows(raw.edge);
    if (typeof zone !== "string" || zones.length === 0 || zones.some(({ name }) => name === zone)) return [];
    const known = listed(zones.map(({ name }) => name));
    return [{ path: ["edge", "zone"], message: `zone "${zone}" is not in this file; ${known}` }];
  },
};

/** A platform whose zones are all kept elsewhere has none here, and nothing to compare with. */
const edgeNameZone: Rule = {
  id: "edge-name-zone",
  find: (parts) => {
    const known = listed(parts.zones.map((zone) => zone.name));
    return edgeNames(parts)
      .filter(([name]) => parts.zones.length > 0 && parts.names.zoneOf(name) === undefined)
      .map(([name, index]) => ({
        path: ["edge", "names", index],
        message: `${name} is in no zone of this file; ${known}`,
      }));
  },
};

const edgeNameDuplicate: Rule = {
  id: "edge-name-duplicate",
  find: (parts) =>
    repeated(edgeNames(parts), ([name]) => name).map(([[name, index]]) => ({
      path: ["edge", "names", index],
      message: `${name} stands here twice: give it once`,
    })),
};

const edgeCertificate: Rule = {
  id: "edge-certificate",
  find: (parts) => {
    const { certificate } = rows(parts.raw.edge);
    const certificates = rows(parts.raw.certificates);
    if (typeof certificate !== "string") return [];
    if (!Object.hasOwn(certificates, certificate)) {
      const known = listed(Object.keys(certificates));
      return [
        { path: ["edge", "certificate"], message: `there is no certificate "${certificate}"; ${known}` },
      ];
    }
    const patterns = new Set(texts(rows(certificates[certificate]).names).map(([text]) => text));
    return edgeNames(parts)
      .filter(([name]) => !covers(patterns, name))
      .map(([name, index]) => ({
        path: ["edge", "names", index],
        message: `certificate "${certificate}" does not cover ${name}: a wildcard stands for one label`,
      }));
  },
};

/** RFC 8555 §8.4: the challenge is answered in the zone of each name. */
const certificateDns: Rule = {
  id: "certificate-dns",
  find: ({ raw, zones, hosts, names }) => {
    const providers = new Map(zones.map(({ name, provider }) => [name, provider]));
    return Object.entries(rows(raw.certificates)).flatMap(([key, row]) => {
      const { dns } = rows(rows(rows(row).source).acme);
      // Where nobody can answer, that is the fault, and not which zones the names are in.
      if (dns !== "cloudflare") return [];
      const elsewhere = (name: string) => {
        const held = names.zoneOf(name.replace(/^\*\./, ""));
        const provider = held === undefined ? undefined : providers.get(held);
        return provider === undefined || provider === dns
          ? undefined
          : `the challenge is answered on ${dns}, and zone "${held}" of ${name} is on ${provider}`;
      };
      const declared = texts(rows(row).names).flatMap(([name, index]): Finding[] => {
        const message = elsewhere(name);
        return message === undefined ? [] : [{ path: ["certificates", key, "names", index], message }];
      });
      const [edge] = hosts.filter(({ roles }) => roles.includes("edge"));
      const { certificate, zone } = rows(raw.edge);
      if (!edge || certificate !== key || typeof zone !== "string") return declared;
      const added = elsewhere(edgeName(edge.name, zone));
      return added === undefined
        ? declared
        : [
            ...declared,
            {
              path: ["edge", "zone"],
              message: `certificate "${key}" carries the name of each edge, ${added}: take a zone on ${dns}`,
            },
          ];
    });
  },
};

const certificateDuplicate: Rule = {
  id: "certificate-name-duplicate",
  find: ({ raw }) =>
    Object.entries(rows(raw.certificates)).flatMap(([key, row]) =>
      repeated(texts(rows(row).names), ([name]) => name).map(([[name, index]]) => ({
        path: ["certificates", key, "names", index],
        message: `${name} stands here twice: give it once`,
      })),
    ),
};

export const edgeRules: readonly Rule[] = [
  edgeZone,
  edgeNameZone,
  edgeNameDuplicate,
  edgeCertificate,
  certificateDns,
  certificateDuplicate,
];
