import { createPublicKey } from "node:crypto";
import { tagsOf } from "./tags.ts";

const MIN_BITS = 2048;
const EXPECTED = `expected an RSA public key of ${MIN_BITS} bits or more, in base64 of its DER form`;

/** What is wrong with a DKIM record. */
export function dkimFault(text: string): string | undefined {
  const tags = tagsOf(text);
  const key = tags?.get("p");
  if (!tags || key === undefined || (tags.has("v") && !/^v\s*=\s*DKIM1\s*(;|$)/.test(text)))
    return "expected a DKIM record: v=DKIM1; k=…; p=…, with a semicolon between tags, each given once";
  if (key === "") return undefined;
  const type = tags.get("k") ?? "rsa";
  if (type === "rsa") return dkimKeyFault(key.replace(/\s+/g, ""));
  // RFC 8463 §4: the 32 bytes of the key alone.
  if (type === "ed25519")
    return /^[A-Za-z0-9+/]{43}=$/.test(key) ? undefined : "expected an Ed25519 key of 32 bytes in base64";
  return `expected k=rsa or k=ed25519 in a DKIM record, found "${type}"`;
}

/** What is wrong with an RSA key in base64. */
export function dkimKeyFault(base64: string): string | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length % 4 !== 0)
    return `${EXPECTED}, found what is no base64: it may be cut off`;
  const bits = rsaBits(Buffer.from(base64, "base64"));
  if (bits === undefined) return `${EXPECTED}, found what is no such key: it may be cut off`;
  return bits < MIN_BITS ? `${EXPECTED}, found ${bits} bits` : undefined;
}

/** The key alone is RSAPublicKey by the letter (RFC 6376 §3.6.1); what is in use, and meant, is SubjectPublicKeyInfo. */
function rsaBits(der: Buffer): number | undefined {
  for (const type of ["spki", "pkcs1"] as const) {
    try {
      const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey({ key: der, format: "der", type });
      return asymmetricKeyType === "rsa" ? asymmetricKeyDetails?.modulusLength : undefined;
    } catch {
      // Not of this form: the other is tried.
    }
  }
  return undefined;
}
