// Certificates of the edges, and the private authority of the clusters.
import { z } from "zod";
import { wildcardOrDomain } from "./names.ts";
import { operatorFile, secret } from "./secret.ts";

const acme = z
  .strictObject({
    dns: z.literal("cloudflare").meta({ description: "Provider where the challenge is answered (DNS-01)." }),
    email: z.email("expected a mail address").meta({ description: "Account at the authority." }),
    token: secret,
    server: z
      .url({ protocol: /^https$/, error: "expected an https URL" })
      .optional()
      .meta({ description: "Directory of the authority (RFC 8555); Let's Encrypt when absent." }),
  })
  .meta({ description: "From a public authority, by ACME." });

const privateCa = z.strictObject({}).meta({ description: "From the `authority` of this file." });

export const certificate = z
  .strictObject({
    names: z
      .array(wildcardOrDomain)
      .min(1)
      // Let's Encrypt, "Rate Limits": 100 names in a certificate.
      .max(99)
      .meta({ description: "Names it is for, 99 at most; each edge adds its own." }),
    source: z
      .union([z.strictObject({ acme }), z.strictObject({ "private-ca": privateCa })], {
        error: "expected {acme: {dns: cloudflare, email: …, token: …}} or {private-ca: {}}",
      })
      .meta({ description: "Who signs it: acme, or private-ca for the `authority` of this file." }),
  })
  .meta({ description: "A certificate of the edges." });

export const authority = z
  .strictObject({
    certificate: operatorFile.meta({
      description:
        "Its certificate, which its hosts are given. What stands after it in the file is trusted too, while one authority takes another's place.",
    }),
    key: operatorFile,
    days: z
      .int()
      .min(1)
      .max(825)
      .default(90)
      .meta({ description: "Days for which the certificates it signs are valid." }),
  })
  .meta({ description: "The private CA of the clusters; its key stays with the operator." });
