// A release of the relay that does nothing, for tests of how releases are had.
import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** The same bytes for the same version and content. */
export function release(version: string, content = "the server"): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "release-"));
  writeFileSync(join(folder, "server.mjs"), `// ${content} of ${version}\n`);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "soundstage-relay", version }));
  const stable = ["--format=ustar", "--mtime=@0", "--owner=0", "--group=0", "--mode=0644"];
  return gzipSync(execFileSync("tar", ["-C", folder, ...stable, "-c", "server.mjs", "package.json"]));
}
