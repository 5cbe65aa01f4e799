// Names and addresses as the file writes them.
import { z } from "zod";

/** A label or a name of labels, `_` where services use it (RFC 1035 §2.3.1, RFC 2782). */
const LABEL = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?";
export const HOST_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const DOMAIN = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/;
const NAME = new RegExp(`^(@|(\\*|${LABEL})(\\.${LABEL})*)$`);

export const domain = z
  .string()
  .regex(DOMAIN, "expected a lower-case domain name without a trailing dot")
  .max(253);
export const recordName = z
  .string()
  .regex(NAME, 'expected "@" for the zone itself, or labels of letters, digits, - and _')
  .max(253);
/** Without a dot it is relative to its zone, with one it is absolute. */
export const target = z
  .string()
  .regex(
    new RegExp(`^(@|${LABEL}(\\.${LABEL})*\\.?)$`),
    "expected a host name, relative to the zone when it has no dot",
  );
export const ipv4 = z.ipv4("expected an IPv4 address");
export const ipv6 = z.ipv6("expected an IPv6 address");
export const ip = z.union([z.ipv4(), z.ipv6()], { error: "expected an IPv4 or IPv6 address" });

/** Absolute name of what a record says, without the trailing dot. */
export function absolute(name: string, zone: string): string {
  if (name === "@") return zone;
  if (name.endsWith(".")) return name.slice(0, -1);
  return name.includes(".") ? name : `${name}.${zone}`;
}

/** Absolute name that a record is for. */
export function ownerName(name: string, zone: string): string {
  return name === "@" ? zone : `${name}.${zone}`;
}
