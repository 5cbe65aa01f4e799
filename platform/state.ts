import { z } from "zod";
import { text } from "./text.ts";

/** Parts of a key that need no quoting anywhere; none is empty, `.` or `..` (Amazon S3, "Naming Amazon S3 objects"). */
const KEY_PART = "[A-Za-z0-9_-][A-Za-z0-9_.-]*";
/** Amazon S3, "General purpose bucket naming rules". */
const BUCKET = new RegExp(
  "^(?!xn--|sthree-|amzn-s3-demo-)(?!.*(?:-s3alias|--ol-s3|\\.mrap|--x-s3|--table-s3)$)" +
    "(?!.*\\.\\.)(?![0-9]+(?:\\.[0-9]+){3}$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
);
const PORT = "(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";
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
            bucket: text(
              BUCKET,
              "expected the name of a bucket: 3 to 63 of a-z, 0-9, . and -, no address, and no prefix or suffix that S3 keeps",
            ).meta({ description: "Name of the bucket." }),
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
              new RegExp(`^https?://(?:${HOST})(?::${PORT})?(?:/[A-Za-z0-9_.~-]+)*/?$`),
              "expected an http or https URL without user, query or blanks, and with a port of 1 to 65535 if any",
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
