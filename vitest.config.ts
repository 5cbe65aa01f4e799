import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

// cdktf leaves its outputs behind: they go into a folder of this run's own, which `globalSetup` removes.
const scratch = process.env.SOUNDSTAGE_TEST_TMP ?? mkdtempSync(join(tmpdir(), "soundstage-test-"));
process.env.SOUNDSTAGE_TEST_TMP = scratch;

interface Kind {
  readonly include: readonly string[];
  readonly exclude?: readonly string[];
}

/** Labs that want the machine for themselves; those of two hosts, and of one, mostly wait. */
const WIDE = ["test/lab/fleet.test.ts", "test/lab/thousand.test.ts"];

/** The kinds of tests and where they lie; `bin/test <kind>` runs those whose names it begins. */
const kinds: Readonly<Record<string, Kind>> = {
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
};

/** What runs side by side, how many files at a time, and what then. */
const turns = [
  { workers: 3, names: ["unit", "golden", "tools"] },
  { workers: 1, names: ["browser"] },
  { workers: 1, names: ["lab"] },
  { workers: 2, names: ["lab-hosts"] },
  { workers: 3, names: ["lab-faults"] },
];

function project(name: string, workers: number, turn: number) {
  const { include, exclude = [] } = kinds[name] as Kind;
  return {
    extends: true as const,
    test: {
      name,
      include: [...include],
      exclude: ["**/node_modules/**", ...exclude],
      testTimeout: name.startsWith("lab") ? 300_000 : name === "browser" ? 90_000 : 30_000,
      hookTimeout: name.startsWith("lab") ? 900_000 : 60_000,
      sequence: { groupOrder: turn },
      maxWorkers: workers,
    },
  };
}

export default defineConfig({
  test: {
    env: { TMPDIR: scratch, CHECKPOINT_DISABLE: "1", CI: "1" },
    globalSetup: ["test/scratch.ts"],
    reporters: ["default", "./test/summary.ts"],
    projects: turns.flatMap(({ workers, names }, turn) => names.map((name) => project(name, workers, turn))),
  },
});
