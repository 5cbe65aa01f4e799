// The peers, in a Python environment of their own that is kept beside the lab's images.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { CACHE } from "../test/lab/base.ts";
import { timed } from "./child.ts";

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
  try {
    await timed("flock", [`${folder}.lock`, ...build]);
    return join(folder, "bin");
  } catch (error) {
    console.error(`missing: ${requirement} (pip in a venv of python3 failed)\n${(error as Error).message}`);
    return undefined;
  }
}
