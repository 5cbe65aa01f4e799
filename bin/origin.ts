// From which commit an output was synthesized; lies beside the manifests, never in them.
import { spawnSync } from "node:child_process";

export interface Origin {
  /** Full commit id, or null outside a repository. */
  readonly commit: string | null;
  /** Whether tracked files differed from that commit. */
  readonly dirty: boolean;
}

/** @param folder the platform file's folder */
export function origin(folder: string): Origin {
  const git = (...args: string[]) => spawnSync("git", ["-C", folder, ...args], { encoding: "utf8" });
  const head = git("rev-parse", "HEAD");
  if (head.status !== 0) return { commit: null, dirty: false };
  return {
    commit: head.stdout.trim(),
    dirty: git("status", "--porcelain", "--untracked-files=no").stdout !== "",
  };
}
