// Names as the file writes them: of regions and hosts, of domains, of records and what they point to.
import { text } from "./text.ts";

/** A label of a name, `_` where services and keys use it (RFC 1035 §2.3.1, RFC 8552). */
const LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
/** A label of a host or domain (RFC 1123 §2.1). */
const HOST_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const DOMAIN = `(?:${HOST_LABEL}\\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])`;
/** Characters of a whole name (RFC 1035 §2.3.4, without the length octets). */
export const MAX_NAME = 253;

/** Name of a region, a host, a certificate: it becomes an address of Terraform's, so it begins with a letter. */
export const label = text(
  /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
  "expected a name of lower-case letters, digits and -, which begins with a letter",
).meta({ description: "Lower-case letters, digits and -, beginning with a letter." });

export const domain = text(
  new RegExp(`^${DOMAIN}$`),
  "expected a lower-case domain name without a trailing dot (other alphabets in their xn-- form)",
)
  .max(MAX_NAME)
  .meta({ description: "Domain name: lower case, no trailing dot." });

export const wildcardOrDomain = text(
  new RegExp(`^(?:\\*\\.)?${DOMAIN}$`),
  "expected a lower-case domain name, or *. before one",
)
  .max(MAX_NAME)
  .meta({ description: "Domain name; *. before it stands for any one label." });

export const recordName = text(
  new RegExp(`^(?:@|\\*|(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*)$`),
  'expected "@" for the zone itself, or lower-case labels of letters, digits, - and _',
)
  .max(MAX_NAME)
  .meta({ description: "Relative to the zone; @ is the zone itself, * any label." });

export const target = text(
  new RegExp(`^(?:@|\\.|${LABEL}|(?:${LABEL}\\.)+${LABEL}\\.?)$`),
  "expected a lower-case name: relative to the zone without a dot, absolute with one",
)
  .max(MAX_NAME + 1)
  .meta({ description: "Relative to the zone without a dot, absolute with one; @ is the zone itself." });

/** Absolute name that a record points to, without the trailing dot; `.` says "none" and stays. */
export function absolute(name: string, zone: string): string {
  if (name === "@") return zone;
  if (name === ".") return name;
  if (name.endsWith(".")) return name.slice(0, -1);
  return name.includes(".") ? name : `${name}.${zone}`;
}

/** Absolute name that a record is for. */
export function ownerName(name: string, zone: string): string {
  return name === "@" ? zone : `${name}.${zone}`;
}

/** Whether a name is a domain's own or below it. */
export function inside(name: string, domainName: string): boolean {
  return name === domainName || name.endsWith(`.${domainName}`);
}

/** Absolute name of an edge: its certificate carries it, and its health is asked under it. */
export function edgeName(host: string, zone: string): string {
  return `${host}.edge.${zone}`;
}
