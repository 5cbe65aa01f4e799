import { execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
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

test("bin/up colours nothing without a terminal, and ends with the exit code of the deploy", () => {
  const { root, env } = checkout();
  const program =
    "#!/bin/sh\nprintf '\\033[0m\\033[1mInitializing\\033[0m\\n'; printf '\\033[91mno\\033[39m\\n' >&2; exit 3\n";
  writeFileSync(join(root, "path", "npx"), program, { mode: 0o755 });
  const { status, stdout } = spawnSync(join(root, "bin", "up"), { env, encoding: "utf8" });
  expect([status, stdout]).toEqual([3, "Initializing\nno\n"]);
});

test("bin/up --lab --down says what it removes", ({ skip }) => {
  if (process.getuid?.() !== 0) skip("the lab is root's");
  const { root, env } = checkout();
  const lab = join(root, ".soundstage", "lab");
  mkdirSync(lab, { recursive: true });
  writeFileSync(join(root, "path", "node"), "#!/bin/sh\necho the lab is stopped\n", { mode: 0o755 });
  const down = () =>
    spawnSync(join(root, "bin", "up"), ["--lab", "--down"], { env, encoding: "utf8" }).stdout;
  expect(down()).toBe(
    "the lab is stopped\n.soundstage/lab is removed, with its platform.yaml, CA, secrets and Terraform state\n",
  );
  expect(existsSync(lab)).toBe(false);
  expect(down()).toBe("the lab is stopped\n");
});

/** A folder with bin/up in which nothing is installed, and a PATH that begins with programs of the test. */
function checkout(): { root: string; env: NodeJS.ProcessEnv } {
  const root = mkdtempSync(join(tmpdir(), "up-"));
  cpSync("bin", join(root, "bin"), { recursive: true });
  writeFileSync(join(root, "bin", "prepare.sh"), "need_node() { :; }\nneed_terraform() { :; }\n");
  mkdirSync(join(root, "path"));
  return { root, env: { ...process.env, PATH: `${join(root, "path")}:${process.env.PATH}` } };
}
