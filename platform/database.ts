import { z } from "zod";
import { label } from "./names.ts";
import { settings, timeOfDay } from "./quantity.ts";
import { secret } from "./secret.ts";
import { text } from "./text.ts";

export const database = z
  .strictObject({
    region: label.meta({ description: "Region of the hosts with the role database." }),
    name: text(/^[a-z_][a-z0-9_]{0,62}$/, "expected a name of lower-case letters, digits and _")
      .default("music")
      .meta({ description: "Name of the database." }),
    patroni: settings,
    postgresql: settings,
    backup: z
      .strictObject({
        at: timeOfDay.default("02:30").meta({ description: "Time of the nightly backup, UTC." }),
        retention: z.int().min(1).max(365).default(14).meta({ description: "Full backups that are kept." }),
      })
      .default({ at: "02:30", retention: 14 })
      .meta({ description: "Nightly, on the host with the role backup." }),
    passwords: z
      .strictObject({ superuser: secret, replication: secret, rewind: secret, application: secret })
      .meta({ description: "Of the cluster's roles." }),
  })
  .meta({ description: "PostgreSQL under Patroni, on three, five or seven hosts of one region." });
