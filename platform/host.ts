// A row of a region: one Debian machine.
import { z } from "zod";
import { ip } from "./address.ts";
import { memory } from "./quantity.ts";
import { ssh } from "./ssh.ts";

export const ROLES = ["edge", "relay", "database", "cache", "backup"] as const;

export const host = z
  .strictObject({
    address: ip.meta({ description: "Address over which it is reached." }),
    private: ip.meta({
      description: "Address in the private network (RFC 1918, RFC 4193); clusters listen on it alone.",
    }),
    roles: z
      .array(z.enum(ROLES, { error: `expected a role: ${ROLES.join(", ")}` }))
      .min(1, "expected a role: a host without one has nothing to do; give it one or remove the row")
      .meta({ description: `What it does: ${ROLES.join(", ")}.` }),
    cpus: z.int().min(1).max(1024).meta({ description: "Logical processors." }),
    memory: memory.meta({ description: "Size with its unit: MiB, GiB or TiB." }),
    kernel: z
      .enum(["own", "shared"])
      .default("own")
      .meta({ description: "shared: a container, which takes the kernel keys of its namespaces only." }),
    retire: z
      .union([z.literal(true), z.literal("purge"), z.literal("lost")], {
        error: "expected true, purge for a host whose data goes too, or lost for one that is dead",
      })
      .optional()
      .meta({
        description:
          "First of two steps to remove it: drained and emptied; purge: its data goes too; lost: it is dead.",
      }),
    ssh,
  })
  .meta({ description: "One Debian 12 machine." });

export type HostRow = z.output<typeof host>;
export type Role = (typeof ROLES)[number];
