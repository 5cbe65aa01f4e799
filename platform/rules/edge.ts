// What must hold between the edge, its certificate, the zones and what looks like a secret.
import type { Path } from "../document.ts";
import type { Finding, Rule } from "./rule.ts";

interface RawEdge {
  readonly zone?: unknown;
  readonly certificate?: unknown;
  readonly names?: unknown;
}

const edgeSection: Rule = {
  id: "edge-section",
  find: ({ raw, hosts }) => {
    const edge = hosts.find(({ row }) => row.roles.includes("edge"));
    return edge && raw.edge === undefined
      ? [
          {
            path: [...edge.path, "roles"],
            message: `host "${edge.name}" is an edge, and the file has no section "edge"`,
          },
        ]
      : [];
  },
};

const cacheSection: Rule = {
  id: "cache-section",
  find: ({ raw, hosts }) => {
    const cache = hosts.find(({ row }) => row.roles.includes("cache"));
    return cache && raw.cache === undefined
      ? [
          {
            path: [...cache.path, "roles"],
            message: `host "${cache.name}" is a cache, and the file has no section "cache"`,
          },
        ]
      : [];
  },
};

/** A wildcard stands for one label (RFC 6125 §6.4.3). */
function covers(pattern: string, name: string): boolean {
  return (
    pattern === name || (pattern.startsWith("*.") && name.slice(name.indexOf(".") + 1) === pattern.slice(2))
  );
}

const edgeCertificate: Rule = {
  id: "edge-certificate",
  find: ({ raw }) => {
    const edge = raw.edge as RawEdge | undefined;
    if (edge === undefined) return [];
    const certificates = (raw.certificates ?? {}) as Record<
      string,
      { names?: unknown; source?: unknown } | undefined
    >;
    const certificate = certificates[String(edge.certificate)];
    if (!certificate)
      return [
        {
          path: ["edge", "certificate"],
          message: `there is no certificate "${String(edge.certificate)}"; there are ${Object.keys(certificates).join(", ") || "none"}`,
        },
      ];
    const patterns = Array.isArray(certificate.names) ? certificate.names.map(String) : [];
    const names = Array.isArray(edge.names) ? edge.names.map(String) : [];
    return names
      .map((name, index): [string, Path] => [name, ["edge", "names", index]])
      .filter(([name]) => !patterns.some((pattern) => covers(pattern, name)))
      .map(
        ([name, path]): Finding => ({
          path,
          message: `certificate "${String(edge.certificate)}" does not cover ${name}`,
        }),
      );
  },
};

const SECRET_KEY = /^(password|passwd|secret|token|apikey|api_key|privatekey|private_key|passphrase)$/i;

/** A value that is a secret wherever it stands: the schema knows only where secrets belong. */
const strayed: Rule = {
  id: "secret-in-clear",
  find: ({ raw }) => {
    const findings: Finding[] = [];
    const walk = (value: unknown, path: Path): void => {
      if (typeof value === "string") {
        const key = String(path.at(-1));
        const settings = ["patroni", "postgresql", "nginx"].includes(String(path.at(-2)));
        if (/-----BEGIN [A-Z ]*PRIVATE KEY/.test(value))
          findings.push({ path, message: "a private key does not belong in this file: refer to it" });
        else if (settings && SECRET_KEY.test(key))
          findings.push({
            path,
            message:
              "a secret does not belong among a tool's settings: it has a place of its own, as a reference",
          });
      } else if (Array.isArray(value))
        for (const [index, inner] of value.entries()) walk(inner, [...path, index]);
      else if (value !== null && typeof value === "object")
        for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key]);
    };
    walk(raw, []);
    return findings;
  },
};

export const edgeRules: readonly Rule[] = [edgeSection, cacheSection, edgeCertificate, strayed];
