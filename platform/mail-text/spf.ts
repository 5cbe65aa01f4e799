import { isIPv4, isIPv6 } from "node:net";

/** Lookups that a receiver makes at most (RFC 7208 §4.6.4). */
const MAX_LOOKUPS = 10;
const LOOKUPS: readonly string[] = ["include", "a", "mx", "ptr", "exists", "redirect"];
const DOMAIN = /^[A-Za-z0-9_%{}.+/=-]+$/;

/** What is wrong with an SPF record; records it includes are not read. */
export function spfFault(text: string): string | undefined {
  const [version, ...terms] = text.split(" ").filter((term) => term !== "");
  if (version?.toLowerCase() !== "v=spf1")
    return "expected an SPF record, which begins with v=spf1 and a space";
  const bad = terms.map(termFault).find((fault) => fault !== undefined);
  if (bad !== undefined) return bad;
  const names = terms.map(nameOf);
  const lookups = names.filter((name) => LOOKUPS.includes(name)).length;
  if (lookups > MAX_LOOKUPS)
    return `an SPF record costs at most ${MAX_LOOKUPS} lookups, found ${lookups} before any that its includes cost`;
  const all = names.indexOf("all");
  if (all >= 0 && names.slice(all + 1).some((name) => name !== "exp"))
    return "expected all at the end of an SPF record: what stands after it is never read";
  if (all < 0)
    return names.includes("redirect") ? undefined : "expected ~all or -all at the end of an SPF record";
  return /^[~-]/.test(terms[all] as string)
    ? undefined
    : `expected ~all or -all at the end of an SPF record, found ${terms[all]}: anybody could send`;
}

function nameOf(term: string): string {
  return (/^[+?~-]?([a-z0-9_-]+)/i.exec(term)?.[1] ?? "").toLowerCase();
}

/** RFC 7208 §5, §6. */
function termFault(term: string): string | undefined {
  const [, name = "", mark = "", value = ""] =
    /^[+?~-]?([A-Za-z][A-Za-z0-9_-]*)([:=/]?)(.*)$/.exec(term) ?? [];
  const wrong = `"${term}" is no part of an SPF record`;
  switch (name.toLowerCase()) {
    case "all":
      return mark === "" ? undefined : wrong;
    case "include":
    case "exists":
      return mark === ":" && DOMAIN.test(value) ? undefined : `${wrong}: expected ${name}:<domain>`;
    case "a":
    case "mx":
      return mark === "" || DOMAIN.test(value) ? undefined : wrong;
    case "ptr":
      return `"${term}" is not to be used (RFC 7208 §5.5): name the addresses`;
    case "ip4":
      return mark === ":" && network(value, isIPv4, 32) ? undefined : `${wrong}: expected ip4:<network>`;
    case "ip6":
      return mark === ":" && network(value, isIPv6, 128) ? undefined : `${wrong}: expected ip6:<network>`;
    default:
      return mark === "=" && /^[a-z]/i.test(term) && DOMAIN.test(value) ? undefined : wrong;
  }
}

function network(text: string, isAddress: (address: string) => boolean, bits: number): boolean {
  const [address = "", prefix, ...rest] = text.split("/");
  const fits = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
  return isAddress(address) && fits && rest.length === 0;
}
