import { z } from "zod";
import { secret } from "./secret.ts";
import { text } from "./text.ts";

export const relay = z
  .strictObject({
    workers: z.int().min(1).max(64).default(1).meta({ description: "Processes a host, on ports from 3000." }),
    demo: z
      .boolean()
      .default(false)
      .meta({ description: "A synthesized loop plays while nobody broadcasts." }),
    broadcastToken: secret
      .optional()
      .meta({ description: "What broadcasters must present; anybody may broadcast when absent." }),
  })
  .meta({ description: "The relay on the hosts with the role relay." });

/** The `local` stack. */
export const local = z
  .strictObject({
    port: z.int().min(1024).max(65_535).default(8080).meta({ description: "Port of the pages." }),
    demo: z.boolean().default(true).meta({ description: "A synthesized loop plays." }),
    directory: text(/^(?![./]*$)[^\p{Cc}]+$/u, "expected a folder of its own, without control characters")
      .default(".soundstage/local")
      .meta({ description: "Folder it runs in, relative to the folder of this file." }),
  })
  .meta({ description: "The relay on this machine." });
