// The whole platform file.
import { z } from "zod";
import { domain, HOST_LABEL } from "./names.ts";
import { memory, settings } from "./quantity.ts";
import { region, release } from "./region.ts";
import { operatorFile, secret } from "./secret.ts";
import { zone } from "./zone.ts";

const label = z.string().regex(HOST_LABEL, "expected a name of lower-case letters, digits and -");
const wildcardOrDomain = z
  .string()
  .regex(
    /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/,
    "expected a domain name, or *. before one",
  );

export const platformSchema = z.strictObject({
  platform: label.meta({ description: "Name of the platform." }),
  example: z
    .boolean()
    .default(false)
    .meta({ description: "Synthesized and compared; nothing but the `local` stack is ever applied." }),
  release: release.default("workspace"),
  state: z
    .union(
      [
        z.literal("local"),
        z.strictObject({
          s3: z.strictObject({
            bucket: z.string().min(3),
            region: z.string().min(1),
            key: z.string().optional(),
            endpoint: z.url().optional(),
          }),
        }),
      ],
      { error: "expected local or {s3: {bucket: …, region: …}}" },
    )
    .default("local")
    .meta({ description: "Where Terraform's state lies." }),
  zones: z.record(domain, zone).default({}),
  certificates: z
    .record(
      label,
      z.strictObject({
        names: z.array(wildcardOrDomain).min(1),
        source: z.union(
          [
            z.strictObject({
              acme: z.strictObject({
                dns: z.literal("cloudflare"),
                email: z.email("expected a mail address"),
                token: secret,
                server: z.url().optional(),
              }),
            }),
            z.strictObject({ "private-ca": z.strictObject({}) }),
          ],
          { error: "expected {acme: {dns: cloudflare, email: …, token: …}} or {private-ca: {}}" },
        ),
      }),
    )
    .default({}),
  authority: z
    .strictObject({ certificate: operatorFile, key: operatorFile, days: z.int().min(1).max(825).default(90) })
    .optional()
    .meta({ description: "The private CA of the clusters; its key stays with the operator." }),
  regions: z.record(label, region).default({}),
  edge: z
    .strictObject({
      zone: domain.meta({ description: "<host>.edge.<zone> names each edge." }),
      certificate: label,
      names: z.array(domain).min(1).meta({ description: "Names that the edges answer to." }),
      nginx: settings.default({}),
    })
    .optional(),
  database: z
    .strictObject({
      region: label,
      name: z
        .string()
        .regex(/^[a-z_][a-z0-9_]{0,62}$/, "expected a database name")
        .default("music"),
      patroni: settings.default({}),
      postgresql: settings.default({}),
      backup: z
        .strictObject({
          at: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "expected a time of day such as 02:30"),
          retention: z.int().min(1).max(365),
        })
        .default({ at: "02:30", retention: 14 }),
      passwords: z.strictObject({
        superuser: secret,
        replication: secret,
        rewind: secret,
        application: secret,
      }),
    })
    .optional(),
  cache: z
    .strictObject({
      maxmemory: memory,
      "maxmemory-policy": z
        .enum([
          "noeviction",
          "allkeys-lru",
          "allkeys-lfu",
          "volatile-lru",
          "volatile-lfu",
          "volatile-ttl",
          "allkeys-random",
          "volatile-random",
        ])
        .default("allkeys-lru"),
      password: secret,
    })
    .optional(),
  relay: z
    .strictObject({
      workers: z
        .int()
        .min(1)
        .max(64)
        .default(1)
        .meta({ description: "Processes a host, on ports from 3000." }),
      demo: z.boolean().default(false),
      broadcastToken: secret.optional(),
    })
    .default({ workers: 1, demo: false }),
  local: z
    .strictObject({
      port: z.int().min(1024).max(65_535).default(8080),
      demo: z.boolean().default(true),
      directory: z.string().default(".soundstage/local"),
    })
    .default({ port: 8080, demo: true, directory: ".soundstage/local" }),
});

export type Platform = z.output<typeof platformSchema>;
