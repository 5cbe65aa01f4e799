// The records that say how a zone's mail goes, or that it has none.
import type { DnsRecord } from "./record.ts";

export interface Mail {
  readonly mx: readonly { readonly priority: number; readonly target: string }[];
  readonly spf: string;
  readonly dmarc?: string;
  /** Selector → RSA public key in base64 (RFC 6376 §3.6.1). */
  readonly dkim?: Readonly<Record<string, string>>;
}

export function mailRecords(domain: string, mail: Mail): DnsRecord[] {
  return [
    ...mail.mx.map(({ priority, target }): DnsRecord => ({ name: domain, type: "MX", priority, target })),
    { name: domain, type: "TXT", text: mail.spf },
    ...(mail.dmarc ? [{ name: `_dmarc.${domain}`, type: "TXT", text: mail.dmarc } as const] : []),
    ...Object.entries(mail.dkim ?? {}).map(
      ([selector, key]): DnsRecord => ({
        name: `${selector}._domainkey.${domain}`,
        type: "TXT",
        text: `v=DKIM1; k=rsa; p=${key}`,
      }),
    ),
  ];
}

/** Null MX (RFC 7505), an SPF that nobody passes (RFC 7208 §10.1.2) and DMARC that rejects, for subdomains too (RFC 7489 §6.3). */
export function noMailRecords(domain: string): DnsRecord[] {
  return [
    { name: domain, type: "MX", priority: 0, target: "." },
    { name: domain, type: "TXT", text: "v=spf1 -all" },
    { name: `*.${domain}`, type: "TXT", text: "v=spf1 -all" },
    { name: `_dmarc.${domain}`, type: "TXT", text: "v=DMARC1; p=reject; sp=reject; adkim=s; aspf=s" },
  ];
}
