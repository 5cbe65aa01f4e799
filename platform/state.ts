import { z } from "zod";
import { text } from "./text.ts";

export const state = z
  .union(
    [
      z.literal("local").meta({
        description: "Files beside this one, terraform.<stack>.tfstate, of one operator on one machine.",
      }),
      z.strictObject({
        s3: z
          .strictObject({
            bucket: text(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "expected the name of a bucket").meta({
              description: "Name of the bucket.",
            }),
            region: z.string().min(1).meta({ description: "Such as eu-central-1; auto for R2." }),
            key: z.string().min(1).optional().meta({ description: "Prefix of the stacks' states." }),
            endpoint: z
              .url({ protocol: /^https?$/, error: "expected a URL" })
              .optional()
              .meta({ description: "Another service that speaks S3, such as MinIO or R2." }),
          })
          .meta({ description: "A bucket, locked by a file in it." }),
      }),
    ],
    { error: "expected local or {s3: {bucket: …, region: …}}" },
  )
  .meta({
    description: "Where Terraform's state lies; must be said as soon as there is a zone or a region.",
  });
