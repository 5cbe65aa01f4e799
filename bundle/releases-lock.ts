// releases.lock: the relay's releases that a platform may deploy, each by its hash and where it is had from.

/** Version → release. */
export type ReleasesLock = Readonly<Record<string, LockedRelease>>;

export interface LockedRelease {
  readonly sha256: string;
  /** `package`: this package's own; else an https address, or a file relative to the lock's folder. */
  readonly source: string;
}

export const OWN = "package";
export const isAddress = (source: string): boolean => /^\w+:\/\//.test(source);

/** Semantic Versioning 2.0.0 §2, §9. */
const VERSION = /^(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;
const SHA256 = /^[0-9a-f]{64}$/;

/** A release a row, the newest first. */
export function releasesText(lock: ReleasesLock): string {
  const order = new Intl.Collator("en", { numeric: true });
  const sorted = Object.entries(lock).sort(([a], [b]) => order.compare(b, a));
  return `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`;
}

/** @param file how faults call it */
export function readReleases(text: string, file: string): ReleasesLock {
  const refuse = (what: string): never => {
    throw new Error(
      `${file}: ${what}; \`soundstage release add\` writes it: {"1.5.0": {"sha256": "…", "source": "package"}}`,
    );
  };
  const rows = parsed(text);
  if (!isObject(rows)) return refuse("it is no JSON object");
  for (const [version, row] of Object.entries(rows)) {
    if (!VERSION.test(version)) refuse(`"${version}" is no version such as 1.5.0`);
    const { sha256, source } = isObject(row) ? row : {};
    if (typeof sha256 !== "string" || !SHA256.test(sha256))
      refuse(`the sha256 of ${version} is ${JSON.stringify(sha256)}, expected 64 digits`);
    if (typeof source !== "string" || source === "" || (isAddress(source) && !source.startsWith("https://")))
      refuse(
        `the source of ${version} is ${JSON.stringify(source)}, expected "package", a file or an https address`,
      );
  }
  return rows as ReleasesLock;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
