import { execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

test("bin/up waits for another of its folder, says who that is, and keeps its own arguments and exit code", async () => {
  const root = mkdtempSync(join(tmpdir(), "up-"));
  cpSync("bin", join(root, "bin"), { recursive: true });
  mkdirSync(join(root, ".soundstage"));
  const lock = join(root, ".soundstage", "up.lock");
  writeFileSync(lock, "ada@desk pid 1 since then\n");
  const down = () => spawnSync(join(root, "bin", "up"), ["--down"], { encoding: "utf8" });

  const other = spawn("flock", [lock, "sh", "-c", "echo held; read _"]);
  await new Promise((resolve) => other.stdout.once("data", resolve));
  const waits = spawn(join(root, "bin", "up"), ["--down"]);
  let stderr = "";
  waits.stderr.on("data", (data) => {
    stderr += data;
    // It has said for whom it waits.
    if (stderr.includes("\n")) other.stdin.end();
  });
  const status = await new Promise((resolve) => waits.once("close", resolve));
  expect([status, stderr]).toEqual([
    0,
    "bin/up: ada@desk pid 1 since then works in this folder: waiting up to 10 minutes\n",
  ]);
  expect(execFileSync("cat", [lock], { encoding: "utf8" })).toMatch(/^\S+@\S+ pid \d+ since \S+\n$/);
  expect([down().status, down().stderr]).toEqual([0, ""]);
  writeFileSync(join(root, "bin", "prepare.sh"), "need_node() { exit 3; }\n");
  expect(spawnSync(join(root, "bin", "up")).status).toBe(3);
});
