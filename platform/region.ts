// A row of the rollout: hosts that are deployed as one stack, and whom they serve.
import { z } from "zod";
import { host } from "./host.ts";
import { label } from "./names.ts";
import { serves } from "./serves.ts";
import { text } from "./text.ts";

/** Semantic Versioning 2.0.0 §2, §9. */
export const release = text(
  /^(?:workspace|(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)$/,
  "expected workspace or a version such as 1.5.0",
).meta({
  description:
    "Build of the relay: workspace for this package's own, its version, or one that releases.lock names, such as 1.5.0.",
});

const SHARE = "expected a number of hosts, or a share such as 25%";
/** A part of a fleet, as Ansible's `serial` writes it. */
const wave = z.union([z.int().min(1).transform(String), text(/^(?:[1-9]\d?|100)%$/, SHARE)], SHARE);

export const region = z
  .strictObject({
    serves: z.array(serves).default([]).meta({ description: "Where the clients are whom it answers." }),
    live: z
      .boolean()
      .default(true)
      .meta({ description: "Answers point here; false: built and not yet served." }),
    release: release.optional(),
    capacity: z
      .strictObject({
        listeners: z.int().min(1).max(10_000_000).meta({ description: "Listeners that it takes at once." }),
      })
      .default({ listeners: 10_000 })
      .meta({ description: "What it is built for." }),
    waves: z.array(wave).min(1).optional().meta({
      description:
        "Sizes of the waves of hosts without an order, the last repeated; [1, 25%, 100%] when it is not said.",
    }),
    hosts: z.record(label, host).meta({ description: "Name → host; names are unique in the platform." }),
  })
  .meta({ description: "Hosts that are deployed as one stack." });
