import { z } from "zod";
import { ip } from "./names.ts";
import { memory } from "./quantity.ts";

const CONTINENTS = ["AF", "AN", "AS", "EU", "NA", "OC", "SA"] as const;

/** Where clients are: a continent, a country, or everywhere else. */
export type Serves = "*" | { readonly continent: string } | { readonly country: string };

const serves = z
  .string()
  .regex(
    /^(\*|[A-Z]{2}|country:[A-Z]{2})$/,
    'expected a continent (AF AN AS EU NA OC SA), a country such as RU, country:SA, or "*"',
  )
  .transform((code): Serves => {
    if (code === "*") return "*";
    if (code.startsWith("country:")) return { country: code.slice(8) };
    return (CONTINENTS as readonly string[]).includes(code) ? { continent: code } : { country: code };
  })
  .meta({
    description:
      "A code that is both a continent and a country means the continent; write country:SA for the country.",
  });

export const release = z
  .string()
  .regex(/^(workspace|\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?)$/, "expected workspace or a version such as 1.5.0")
  .meta({ description: "Build of the relay: this checkout's, or a version." });

export const ROLES = ["edge", "relay", "database", "cache", "backup"] as const;

const hostKey = z
  .string()
  .regex(
    /^((ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa) [A-Za-z0-9+/]+={0,2}|SHA256:[A-Za-z0-9+/]{43})$/,
    "expected a public host key such as ssh-ed25519 AAAA…, or SHA256:…",
  )
  .meta({ description: "The host's public key, or its fingerprint: no other is accepted." });

export const host = z
  .strictObject({
    address: ip.meta({ description: "Public address, over which it is reached." }),
    private: ip.meta({
      description: "Address in the region's private network; clusters listen on it alone.",
    }),
    roles: z
      .array(z.enum(ROLES, { error: `expected a role: ${ROLES.join(", ")}` }))
      .min(1, "a host without a role has nothing to do: give it one or remove it"),
    cpus: z.int().min(1).max(1024),
    memory,
    kernel: z
      .enum(["own", "shared"], { error: "expected own or shared" })
      .default("own")
      .meta({ description: "shared: a container that owns its namespaced kernel keys only." }),
    ssh: z.strictObject({
      user: z
        .string()
        .regex(/^[a-z_][a-z0-9_-]*$/, "expected a user name")
        .default("root"),
      ports: z
        .array(z.int().min(1).max(65_535))
        .min(1)
        .default([22])
        .meta({ description: "Tried in order." }),
      hostKey,
      identity: z
        .string()
        .optional()
        .meta({ description: "Private key, relative to the folder of this file; else the agent." }),
    }),
  })
  .meta({ description: "One Debian 12 machine." });

export const region = z
  .strictObject({
    home: z.boolean().default(false),
    serves: z.array(serves).default([]).meta({ description: "Where the clients are whom it answers." }),
    live: z
      .boolean()
      .default(true)
      .meta({ description: "Answers point here; false: built and not yet served." }),
    release: release.optional(),
    capacity: z.strictObject({ listeners: z.int().min(1).max(10_000_000) }).default({ listeners: 10_000 }),
    hosts: z.record(z.string(), host),
  })
  .meta({ description: "Hosts that are deployed as one stack." });

export type HostRow = z.output<typeof host>;
export type RegionRow = z.output<typeof region>;
export type Role = (typeof ROLES)[number];
