import { z } from "zod";
import { text } from "./text.ts";

/** Parts of a key that need no quoting anywhere; none is empty, `.` or `..` (Amazon S3, "Naming Amazon S3 objects"). */
const KEY_PART = "[A-Za-z0-9_-][A-Za-z0-9_.-]*";
const HOST = "[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)*|\\[[0-9A-Fa-f:.]+\\]";

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
            region: text(
              /^[a-z0-9]+(?:-[a-z0-9]+)*$/,
              "expected the name of a region, such as eu-central-1, or auto",
            ).meta({ description: "Such as eu-central-1; auto for R2." }),
            key: text(
              new RegExp(`^${KEY_PART}(?:/${KEY_PART})*$`),
              "expected a prefix of letters, digits, - _ . and single slashes inside, such as platforms/live",
            )
              // S3 takes 1024 bytes; the stack's name and .tfstate follow.
              .max(900)
              .optional()
              .meta({ description: "Prefix of the stacks' states; soundstage/<platform> when absent." }),
            endpoint: text(
              new RegExp(`^https?://(?:${HOST})(?::[0-9]{1,5})?(?:/[A-Za-z0-9_.~-]+)*/?$`),
              "expected an http or https URL without user, query or blanks",
            )
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
