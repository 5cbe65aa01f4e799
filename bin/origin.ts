// From which commit an output was synthesized; lies beside the manifests, never in them.
import { spawnSync } from "node:child_process";
import type { OriginFile } from "../converge/script/output-origin.ts";

/** Beyond so many commits it is not told any more whether an output contains one. */
const MAX_ANCESTORS = 5000;

/** @param folder the platform file's folder */
export function origin(folder: string): OriginFile {
  const git = (...args: string[]) => spawnSync("git", ["-C", folder, ...args], { encoding: "utf8" });
  const head = git("rev-parse", "HEAD");
  if (head.status !== 0) return { commit: null, dirty: false, ancestors: [], complete: false };
  const [commit = "", ...ancestors] = git("rev-list", `--max-count=${MAX_ANCESTORS + 1}`, "HEAD")
    .stdout.trim()
    .split("\n");
  const shallow = git("rev-parse", "--is-shallow-repository").stdout.trim() === "true";
  return {
    commit,
    dirty: git("status", "--porcelain", "--untracked-files=no").stdout !== "",
    ancestors,
    complete: !shallow && ancestors.length < MAX_ANCESTORS,
  };
}
