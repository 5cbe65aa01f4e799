// The cdktf app: what cdktf.json runs.
import { InvalidProps } from "../constructs/invalid-props.ts";
import { PlatformFaults } from "../platform/load.ts";
import { overriddenText } from "./platform-file.ts";
import { synthesize } from "./synthesize.ts";

synthesize({ overridden: (override) => console.error(overriddenText(override)) }).catch((error: unknown) => {
  const known = error instanceof PlatformFaults || error instanceof InvalidProps;
  if (known) console.error(error.message);
  else console.error(`soundstage: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
