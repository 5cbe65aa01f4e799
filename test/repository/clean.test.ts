import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bootstrapScript } from "../../bundle/bootstrap.ts";

function run(command: string, ...args: string[]): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  return { code: status, output: stdout + stderr };
}

const TRACKED = run("git", "ls-files", "--cached", "--others", "--exclude-standard")
  .output.split("\n")
  .filter((file) => file !== "" && existsSync(file));

test("Biome finds nothing", { timeout: 120_000 }, () => {
  const { code, output } = run("node_modules/.bin/biome", "check", "--error-on-warnings", ".");
  expect(output.slice(-4000)).toContain("No fixes applied");
  expect(code).toBe(0);
});

test.for(["tsconfig.json", "relay/tsconfig.json"])("%s type-checks", { timeout: 180_000 }, (project) => {
  expect(run("node_modules/.bin/tsc", "--noEmit", "-p", project)).toEqual({ code: 0, output: "" });
});

test("no file of ours is longer than 300 lines", () => {
  const long = TRACKED.filter((file) => /\.(ts|mts|js|mjs|css|html|sh|sql)$|^bin\/|^\.ci\//.test(file))
    .map((file) => [file, readFileSync(file, "utf8").split("\n").length - 1] as const)
    .filter(([, lines]) => lines > 300);
  expect(long).toEqual([]);
});

test("the lockfile names no download address", () => {
  expect(readFileSync("package-lock.json", "utf8")).not.toContain('"resolved": "http');
});

test("shell scripts pass shellcheck", ({ skip }) => {
  if (spawnSync("shellcheck", ["--version"]).status !== 0)
    skip("shellcheck is not installed (Debian package shellcheck)");
  // The host's script is kept in parts and judged as the whole that a host gets.
  const joined = join(process.env.TMPDIR as string, "bootstrap.sh");
  writeFileSync(joined, bootstrapScript());
  const scripts = TRACKED.filter(
    (file) =>
      !file.startsWith("templates/bootstrap/") &&
      (/\.sh$/.test(file) || /^#!.*\b(ba)?sh\b/.test(readFileSync(file, "utf8").split("\n", 1)[0] as string)),
  );
  expect(scripts).not.toEqual([]);
  expect(run("shellcheck", "--external-sources", ...scripts, joined)).toEqual({ code: 0, output: "" });
});
