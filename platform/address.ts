// IP addresses: their form, and which are private or no host's.
import { BlockList, isIPv6 } from "node:net";
import { z } from "zod";

export const ipv4 = z.ipv4("expected an IPv4 address such as 192.0.2.1");
export const ipv6 = z.ipv6("expected an IPv6 address such as 2001:db8::1").overwrite(canonical);
export const ip = z.union([z.ipv4(), z.ipv6().overwrite(canonical)], {
  error: "expected an IPv4 or IPv6 address",
});

type Subnet = readonly [network: string, prefix: number];

/** RFC 1918 §3 and RFC 4193 §3.1. */
const PRIVATE = blockList([
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["fc00::", 7],
]);
/** This host, link-local, multicast, reserved: RFC 6890 §2.2. */
const NO_HOST = blockList([
  ["0.0.0.0", 8],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["224.0.0.0", 3],
  ["::", 127],
  ["fe80::", 10],
  ["ff00::", 8],
]);
const MAPPED = blockList([
  ["::ffff:0:0", 96],
  ["::", 96],
  ["64:ff9b::", 96],
]);

export function isPrivate(address: string): boolean {
  return PRIVATE.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

/** Whether an address is that of some host: not loopback, link-local, multicast or reserved. */
export function isHost(address: string): boolean {
  return !NO_HOST.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

/** Type of the record that holds an address. */
export function addressType(address: string): "A" | "AAAA" {
  return isIPv6(address) ? "AAAA" : "A";
}

/** Whether an IPv6 address says an IPv4 one: RFC 4291 §2.5.5, RFC 6052 §2.1. */
export function mapsIpv4(address: string): boolean {
  return MAPPED.check(address, "ipv6");
}

/** One spelling for one address (RFC 5952 §4); what is none, or has a scope, stays. */
function canonical(address: string): string {
  return isIPv6(address) && !address.includes("%")
    ? new URL(`http://[${address}]`).hostname.slice(1, -1)
    : address;
}

function blockList(subnets: readonly Subnet[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of subnets) list.addSubnet(network, prefix, isIPv6(network) ? "ipv6" : "ipv4");
  return list;
}
