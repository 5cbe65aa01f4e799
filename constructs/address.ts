// How an IP address is written where a port or a prefix follows it.

const isSix = (address: string): boolean => address.includes(":");

/** Type of the record that holds an address. */
export function addressType(address: string): "A" | "AAAA" {
  return isSix(address) ? "AAAA" : "A";
}

/** As the host of a URL or before a port: IPv6 in brackets (RFC 3986 §3.2.2, RFC 5952 §6). */
export function bracketed(address: string): string {
  return isSix(address) ? `[${address}]` : address;
}

/** The network of this one address (RFC 4632 §3.1, RFC 4291 §2.3). */
export function single(address: string): string {
  return `${address}/${isSix(address) ? 128 : 32}`;
}
