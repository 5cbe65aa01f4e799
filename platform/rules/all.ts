import { aliasRules } from "./aliases.ts";
import { caaRules } from "./caa.ts";
import { clusterRules } from "./clusters.ts";
import { delegationRules } from "./delegation.ts";
import { edgeRules } from "./edge.ts";
import { hostRules } from "./hosts.ts";
import { recordRules } from "./records.ts";
import { regionRules } from "./regions.ts";
import type { Rule } from "./rule.ts";
import { targetRules } from "./targets.ts";
import { textRules } from "./texts.ts";

/** Every rule between parts of the file. */
export const rules: readonly Rule[] = [
  ...regionRules,
  ...hostRules,
  ...clusterRules,
  ...edgeRules,
  ...delegationRules,
  ...recordRules,
  ...aliasRules,
  ...targetRules,
  ...textRules,
  ...caaRules,
];
