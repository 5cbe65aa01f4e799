// The peers, in a Python environment of their own that is kept beside the lab's images.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { CACHE } from "../test/lab/base.ts";
import { run } from "../test/lab/run.ts";

// One version each, or two runs would compare with two different peers.
const BUILD = `venv=$1; shift
[ ! -e "$venv/complete" ] || exit 0
rm -rf "$venv"
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check "$@"
touch "$venv/complete"`;

/** Its folder of programs, made when it is not there; undefined, with the reason told, where that fails. */
export async function venv(requirement: string): Promise<string | undefined> {
  const folder = join(CACHE, "peers", requirement);
  mkdirSync(join(folder, ".."), { recursive: true });
  if (!existsSync(join(folder, "complete"))) console.error(`${requirement} is installed into ${folder}`);
  const build = ["sh", "-euc", BUILD, "build", folder, requirement];
  const { code, stderr } = await run("flock", [`${folder}.lock`, ...build], { timeout: 600_000 });
  if (code === 0) return join(folder, "bin");
  console.error(`missing: ${requirement} (pip in a venv of python3 failed)\n${stderr.trim().slice(-1000)}`);
  return undefined;
}
