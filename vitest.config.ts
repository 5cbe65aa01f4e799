import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

// cdktf leaves its outputs behind: they go into a folder of this run's own, which `globalSetup` removes.
const scratch = process.env.SOUNDSTAGE_TEST_TMP ?? mkdtempSync(join(tmpdir(), "soundstage-test-"));
process.env.SOUNDSTAGE_TEST_TMP = scratch;

/** The kinds of tests and where they lie; `bin/test <kind>` runs one. */
const kinds = {
  unit: {
    include: [
      "test/{platform,bundle,constructs,templates,stacks,converge,repository}/**/*.test.ts",
      "relay/**/*.test.ts",
    ],
  },
  golden: { include: ["test/golden/**/*.test.ts"] },
  tools: { include: ["test/tools/**/*.test.ts"] },
  browser: { include: ["{test/browser,relay}/**/*.browser.test.ts"] },
  lab: { include: ["test/lab/**/*.test.ts"] },
} as const;

export default defineConfig({
  test: {
    env: { TMPDIR: scratch, CHECKPOINT_DISABLE: "1", CI: "1" },
    globalSetup: ["test/scratch.ts"],
    reporters: ["default", "./test/summary.ts"],
    projects: Object.entries(kinds).map(([name, { include }], index) => ({
      extends: true as const,
      test: {
        name,
        include: [...include],
        exclude: name === "unit" ? ["**/node_modules/**", "**/*.browser.test.ts"] : ["**/node_modules/**"],
        testTimeout: { lab: 300_000, browser: 90_000 }[name as string] ?? 30_000,
        hookTimeout: name === "lab" ? 900_000 : 60_000,
        // One kind after the other: browsers and hosts want the machine for themselves.
        sequence: { groupOrder: index },
        // Labs share two cores, one bridge namespace and the package proxy: one at a time.
        fileParallelism: name !== "lab" && name !== "browser",
      },
    })),
  },
});
