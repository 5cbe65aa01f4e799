import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

// cdktf leaves its outputs behind: they go into a folder of this run's own, which `globalSetup` removes.
const scratch = process.env.SOUNDSTAGE_TEST_TMP ?? mkdtempSync(join(tmpdir(), "soundstage-test-"));
process.env.SOUNDSTAGE_TEST_TMP = scratch;

/** Labs that want the machine for themselves. */
const WIDE = ["test/lab/fleet.test.ts", "test/lab/thousand.test.ts"];

/** The kinds of tests and where they lie; `bin/test <kind>` runs one, with those that its name begins. */
const kinds = {
  unit: {
    include: [
      "test/{platform,bundle,constructs,templates,stacks,converge,repository}/**/*.test.ts",
      "relay/**/*.test.ts",
    ],
    exclude: ["**/*.browser.test.ts"],
  },
  golden: { include: ["test/golden/**/*.test.ts"] },
  tools: { include: ["test/tools/**/*.test.ts"] },
  browser: { include: ["{test/browser,relay}/**/*.browser.test.ts"] },
  lab: { include: ["test/lab/{region,self}/**/*.test.ts", ...WIDE] },
  "lab-hosts": { include: ["test/lab/*.test.ts"], exclude: WIDE },
  "lab-faults": { include: ["test/lab/faults/**/*.test.ts"] },
} as const;

/** Files that run at a time: labs of two hosts, and of one, mostly wait. */
const workers: Record<keyof typeof kinds, number> = {
  unit: 2,
  golden: 2,
  tools: 2,
  browser: 1,
  lab: 1,
  "lab-hosts": 2,
  "lab-faults": 3,
};

export default defineConfig({
  test: {
    env: { TMPDIR: scratch, CHECKPOINT_DISABLE: "1", CI: "1" },
    globalSetup: ["test/scratch.ts"],
    reporters: ["default", "./test/summary.ts"],
    projects: Object.entries(kinds).map(([name, { include, ...rest }], index) => ({
      extends: true as const,
      test: {
        name,
        include: [...include],
        exclude: ["**/node_modules/**", ...("exclude" in rest ? rest.exclude : [])],
        testTimeout: name.startsWith("lab") ? 300_000 : name === "browser" ? 90_000 : 30_000,
        hookTimeout: name.startsWith("lab") ? 900_000 : 60_000,
        // One kind after the other: browsers and hosts want the machine for themselves.
        sequence: { groupOrder: index },
        maxWorkers: workers[name as keyof typeof kinds],
      },
    })),
  },
});
