// Construct ids are contract: they are addresses of Terraform's, and what loses its address is destroyed and made again.
import type { Construct } from "constructs";
import { sha256 } from "../../bundle/hash.ts";
import { type DnsRecord, distinction } from "./record.ts";

/** The id, unless a sibling has it: the first keeps it, and a later one adds a hash of what tells it from the first. */
export function freeId(scope: Construct, id: string, content: string): string {
  return scope.node.tryFindChild(id) ? `${id}-${sha256(content).slice(0, 8)}` : id;
}

/** Id of a zone in its stack; addresses of Terraform's begin with a letter, and domains need not. */
export function zoneId(scope: Construct, domain: string): string {
  const id = domain.replaceAll(".", "-");
  return freeId(scope, /^[a-z]/.test(id) ? id : `zone-${id}`, domain);
}

/** Says the record's name within its zone, its type, and what tells it from its siblings. */
export function recordId(record: DnsRecord, zone: string): string {
  const name = record.name === zone ? "apex" : record.name.slice(0, -zone.length - 1);
  return [name.replace("*", "wildcard"), record.type, distinction(record)].filter(Boolean).join("-");
}
