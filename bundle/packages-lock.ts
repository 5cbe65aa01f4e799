// packages.lock: the versions that hosts install and hold, by Debian's release.

/** Release (`bookworm`) → package → version. */
export type PackagesLock = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Debian policy §5.6.1, §5.6.12. */
const NAME = /^[a-z0-9][a-z0-9+.-]+$/;
const VERSION = /^[0-9A-Za-z][0-9A-Za-z.+~:-]*$/;

/** Sorted, a package a line, so that a review shows what moved. */
export function lockText(lock: PackagesLock): string {
  const sorted = Object.fromEntries(
    sort(lock).map(([release, packages]) => [release, Object.fromEntries(sort(packages))]),
  );
  return `${JSON.stringify(sorted, null, 2)}\n`;
}

/** @param file how faults call it */
export function readLock(text: string, file: string): PackagesLock {
  const refuse = (what: string): never => {
    throw new Error(
      `${file}: ${what}; \`soundstage packages lock\` writes it: {"bookworm": {"nginx-light": "1.22.1-9"}}`,
    );
  };
  const releases = parse(text) ?? refuse("it is no JSON object");
  for (const [release, packages] of Object.entries(releases)) {
    if (!isObject(packages)) return refuse(`"${release}" is no object of packages`);
    for (const [name, version] of Object.entries(packages)) {
      if (!NAME.test(name)) refuse(`"${name}" of ${release} is no name of a Debian package`);
      if (typeof version !== "string" || !VERSION.test(version))
        refuse(`the version of ${name} of ${release} is ${JSON.stringify(version)}`);
    }
  }
  return releases as PackagesLock;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function sort<T>(rows: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(rows).sort(([a], [b]) => (a < b ? -1 : 1));
}
