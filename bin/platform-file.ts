// The platform file that a command is about: read, and judged as a whole; written where a pin comes into it.
import { closeSync, openSync, readFileSync, readSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { writeRecord } from "../converge/record-file.ts";
import { Releases } from "../converge/releases/releases.ts";
import { type Loaded, loadPlatform } from "../platform/load.ts";
import type { Override } from "../platform/overrides.ts";
import type { Rule } from "../platform/rules/rule.ts";
import release from "../relay/package.json" with { type: "json" };
import { stackRules } from "../stacks/rules.ts";

/** The releases that come with this package. */
const RELEASES: readonly string[] = ["workspace", release.version];
/** Bytes; no platform file comes near. */
const LONGEST = 1 << 20;

/** The file that is meant where a command names none. */
export const platformFile = (): string => process.env.SOUNDSTAGE_PLATFORM ?? "platform.yaml";

export interface Reading {
  /** How the file is called in faults. @default as it is named */
  readonly shown?: string;
  /** What must hold besides. @default nothing */
  readonly rules?: readonly Rule[];
}

export function readPlatform(file: string, { shown = file, rules = [] }: Reading = {}): Loaded {
  const set = process.env.SOUNDSTAGE_SET;
  const locked = Object.keys(new Releases(dirname(file)).lock());
  return loadPlatform(platformText(file), {
    file: shown,
    rules: [...stackRules([...new Set([...RELEASES, ...locked])]), ...rules],
    ...(set && { set }),
  });
}

/** What every command says of a value that is set for its run. */
export function overriddenText({ path, value }: Override): string {
  return `soundstage: ${path} is overridden for this run: ${JSON.stringify(value)}`;
}

/** No more than a file may have is read: what is named may have no end. */
export function platformText(file: string): string {
  const bytes = Buffer.alloc(LONGEST + 1);
  let length = 0;
  try {
    const opened = openSync(file, "r");
    try {
      for (let count = -1; count !== 0 && length < bytes.length; length += count)
        count = readSync(opened, bytes, length, bytes.length - length, null);
    } finally {
      closeSync(opened);
    }
  } catch (error) {
    throw new Error(
      `${file} can not be read (${(error as NodeJS.ErrnoException).code}); SOUNDSTAGE_PLATFORM names the platform file`,
    );
  }
  if (length > LONGEST) throw new Error(`${file}: expected at most ${LONGEST} bytes, found more`);
  return bytes.toString("utf8", 0, length);
}

/** Writes it unless somebody else did meanwhile; who may read it stays. */
export function writePlatform(file: string, before: string, after: string): void {
  const path = realpathSync(file);
  if (readFileSync(path, "utf8") !== before)
    throw new Error(`${file} was changed meanwhile: nothing was written; run the command again`);
  writeRecord(path, after, statSync(path).mode & 0o7777);
}
