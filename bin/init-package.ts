// The package.json of somebody's own platform.

export interface PackageJson {
  readonly name?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly allowScripts?: Readonly<Record<string, boolean>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** npm links the runtime of the hosts as `node`, which must not become that of npx here. */
const PREPARE = "node --eval \"require('node:fs').rmSync('node_modules/.bin/node', { force: true })\"";

/** @returns what is there with what is missing; nothing that it says is changed */
export function withNeeds(
  there: PackageJson,
  { name, needs }: { readonly name: string; readonly needs: Readonly<Record<string, string>> },
): PackageJson {
  const missing = Object.entries(needs).filter(([each]) => !there.devDependencies?.[each]);
  return {
    name,
    ...{ private: true, type: "module" },
    ...there,
    scripts: { prepare: PREPARE, ...there.scripts },
    // ssh2 does without its native parts, and is quicker to install without them.
    allowScripts: { "cpu-features": false, ssh2: false, ...there.allowScripts },
    dependencies: { ...Object.fromEntries(missing), ...there.dependencies },
  };
}
