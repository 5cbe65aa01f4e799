// Records as their types define them, and how each provider writes their values.
import { sha256 } from "../../bundle/hash.ts";

export type RecordData =
  | { readonly type: "A" | "AAAA"; readonly address: string; readonly proxied?: boolean }
  | { readonly type: "CNAME"; readonly target: string; readonly proxied?: boolean }
  | { readonly type: "NS"; readonly target: string }
  | { readonly type: "MX"; readonly priority: number; readonly target: string }
  | { readonly type: "TXT"; readonly text: string }
  | {
      readonly type: "SRV";
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  | { readonly type: "CAA"; readonly flags: 0 | 128; readonly tag: string; readonly issuer: string };

export type DnsRecord = RecordData & {
  /** Absolute, without the trailing dot. */
  readonly name: string;
  /** Seconds. @default the zone's */
  readonly ttl?: number;
};

/** Character-strings of a TXT record: at most 255 bytes each, and no character is split (RFC 1035 §3.3.14). */
export function txtChunks(text: string): string[] {
  const chunks: string[] = [];
  let chunk = "";
  let bytes = 0;
  for (const character of text) {
    const size = Buffer.byteLength(character);
    if (bytes + size > 255) {
      chunks.push(chunk);
      chunk = "";
      bytes = 0;
    }
    chunk += character;
    bytes += size;
  }
  return [...chunks, chunk];
}

/** As in a zone file: each string in quotes. */
export function quotedTxt(text: string): string {
  return txtChunks(text)
    .map((chunk) => `"${escaped(chunk)}"`)
    .join(" ");
}

/** Route 53's provider adds the outer quotes itself and wants the inner ones written. */
export function route53Txt(text: string): string {
  return txtChunks(text).map(escaped).join('""');
}

/** The value as Route 53 takes it. */
export function route53Value(record: RecordData): string {
  switch (record.type) {
    case "A":
    case "AAAA":
      return record.address;
    case "CNAME":
    case "NS":
      return absolute(record.target);
    case "MX":
      return `${record.priority} ${absolute(record.target)}`;
    case "TXT":
      return route53Txt(record.text);
    case "SRV":
      return `${record.priority} ${record.weight} ${record.port} ${absolute(record.target)}`;
    case "CAA":
      return `${record.flags} ${record.tag} "${escaped(record.issuer)}"`;
  }
}

/** The whole record but its TTL, as a zone file has it: two of the same are one record. */
export function recordText(record: DnsRecord): string {
  return `${record.name} ${record.type} ${route53Value(record)}`;
}

/** What tells records of one name and type apart, for construct ids that stay what they are. */
export function distinction(record: DnsRecord): string {
  switch (record.type) {
    case "A":
    case "AAAA":
      return record.address;
    case "MX":
      return `${record.priority}-${record.target === "." ? "null" : record.target}`;
    case "NS":
      return record.target;
    case "SRV":
      return `${record.priority}-${record.target}-${record.port}`;
    case "TXT":
      return textDistinction(record.name, record.text);
    case "CAA":
      return `${record.tag}-${record.issuer}`;
    case "CNAME":
      return "";
  }
}

/** Of SPF, DMARC and DKIM a name has one; of other texts any number, of which none is the first. */
function textDistinction(name: string, text: string): string {
  if (/^v=spf1( |$)/i.test(text)) return "spf";
  return name.startsWith("_dmarc.") || name.includes("._domainkey.") ? "" : sha256(text).slice(0, 8);
}

/** What would end a quoted string, or begin an escape in it, is escaped (RFC 1035 §5.1). */
function escaped(text: string): string {
  return text.replace(/["\\]/g, "\\$&");
}

function absolute(name: string): string {
  return name.endsWith(".") ? name : `${name}.`;
}
