// Mozilla's server-side TLS guideline 6.0, "intermediate", as Debian 12's nginx 1.22 with OpenSSL 3.0 speaks it.
import type { Directive } from "../../templates/nginx/print.ts";

export const TLS_POLICY = {
  name: "mozilla-6.0-intermediate",
  link: "https://ssl-config.mozilla.org/#server=nginx&version=1.22.1&config=intermediate&openssl=3.0",
} as const;

const CIPHERS = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
];

/**
 * At `http` level: a listening socket takes its protocols from its default server, and a policy in
 * named servers alone would let every name fall back to TLS 1.2. The guideline's hybrid ML-KEM group
 * needs OpenSSL 3.5; no stapling, since Let's Encrypt answers no OCSP any more.
 */
export const tlsPolicy: readonly Directive[] = [
  ["ssl_protocols", "TLSv1.2", "TLSv1.3"],
  ["ssl_ciphers", `${CIPHERS.join(":")}`],
  ["ssl_ecdh_curve", "X25519:prime256v1:secp384r1"],
  ["ssl_prefer_server_ciphers", "off"],
  ["ssl_session_timeout", "1d"],
  ["ssl_session_cache", "shared:MozSSL:10m"],
  ["ssl_session_tickets", "off"],
];
