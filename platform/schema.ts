// The whole platform file.
import { z } from "zod";
import { cache } from "./cache.ts";
import { authority, certificate } from "./certificate.ts";
import { database } from "./database.ts";
import { edge } from "./edge.ts";
import { domain, label } from "./names.ts";
import { region, release } from "./region.ts";
import { local, relay } from "./relay.ts";
import { state } from "./state.ts";
import { named, type ZoneRow, zone } from "./zone.ts";

const zones = z
  .record(domain, zone)
  .default({})
  .transform(
    (rows): Record<string, ZoneRow> =>
      Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, named(name, row)])),
  )
  .meta({ description: "Domain → zone." });

export const platformSchema = z.strictObject({
  platform: label.meta({ description: "Name of the platform." }),
  example: z
    .boolean()
    .default(false)
    .meta({ description: "Synthesized and compared; nothing but the `local` stack is ever applied." }),
  release: release.default("workspace"),
  state: state.default("local"),
  zones,
  certificates: z.record(label, certificate).default({}).meta({ description: "Name → certificate." }),
  authority: authority.optional(),
  regions: z
    .record(label, region)
    .default({})
    .meta({ description: "Name → region, in the order of a rollout." }),
  edge: edge.optional(),
  database: database.optional(),
  cache: cache.optional(),
  relay: relay.default({ workers: 1, demo: false }),
  local: local.default({ port: 8080, demo: true, directory: ".soundstage/local" }),
});

/** A platform whose every fault is mended and every default filled in; memory is in MiB, names are absolute. */
export type Platform = z.output<typeof platformSchema>;
