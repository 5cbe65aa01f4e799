#!/usr/bin/env node
import { basename, resolve } from "node:path";
import { Command } from "commander";
import manifest from "../package.json" with { type: "json" };
import * as apply from "./commands/apply.ts";
import * as ca from "./commands/ca.ts";
import * as cloudInit from "./commands/cloud-init.ts";
import * as converge from "./commands/converge.ts";
import * as deploy from "./commands/deploy.ts";
import * as diff from "./commands/diff.ts";
import * as doctor from "./commands/doctor.ts";
import * as down from "./commands/down.ts";
import * as history from "./commands/history.ts";
import * as init from "./commands/init.ts";
import * as logs from "./commands/logs.ts";
import * as observe from "./commands/observe.ts";
import * as packages from "./commands/packages.ts";
import * as plan from "./commands/plan.ts";
import * as release from "./commands/release.ts";
import * as rollback from "./commands/rollback.ts";
import * as status from "./commands/status.ts";
import * as supervise from "./commands/supervise.ts";
import * as synth from "./commands/synth.ts";
import * as trust from "./commands/trust.ts";
import * as unlock from "./commands/unlock.ts";
import * as upgrade from "./commands/upgrade.ts";
import * as validate from "./commands/validate.ts";

const program = new Command("soundstage")
  .description("Brings the hosts of a platform to their bundles.")
  .version(manifest.version)
  .addHelpText(
    "after",
    `
Environment:
  SOUNDSTAGE_PLATFORM     the platform file (default: platform.yaml)
  SOUNDSTAGE_SET          parameters of regions for this run: regions.eu.release=1.5.0,regions.us.live=false
  SOUNDSTAGE_ALLOW_OLDER  hosts that may go back to an output without the commit they have: eu-1,eu-2

Exit codes are 0 for what was asked for and 1 for anything else, unless the help of a command says more.
Why a command ends with 1 before it has begun is said on stderr, also with --json.`,
  );
/** The CLI lies in the output that it applies; from a checkout it is the app's own. */
const output =
  basename(import.meta.filename) === "soundstage.mjs" ? resolve(import.meta.dirname, "..") : "cdktf.out";

/** In the order of the help; each loads its work only when it is called. */
const commands = [
  init,
  validate,
  synth,
  diff,
  deploy,
  apply,
  upgrade,
  converge,
  plan,
  observe,
  status,
  logs,
  history,
  rollback,
  unlock,
  doctor,
  down,
  supervise,
  trust,
  packages,
  release,
  cloudInit,
  ca,
];
for (const { register } of commands) register(program, output);

program.parseAsync().catch((error: Error) => {
  console.error(`soundstage: ${error.message}`);
  // cdktf loses what is still in its child's terminal when the child ends: give it time to read.
  setTimeout(() => process.exit(1), 100);
});
