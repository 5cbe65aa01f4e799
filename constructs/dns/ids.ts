import { type DnsRecord, distinction } from "./record.ts";

/** Construct ids are contract: an id says the record's name within its zone, its type, and what tells it from its siblings. */
export function recordId(record: DnsRecord, zone: string): string {
  const name = record.name === zone ? "apex" : record.name.slice(0, -zone.length - 1);
  return [name.replace("*", "wildcard"), record.type, distinction(record)].filter(Boolean).join("-");
}
