// What hosts were seen to have, as `soundstage observe` writes it and the `check` block of their stack reads it.
import { posix } from "node:path";

export interface ObservedHost {
  /** When it was asked, as RFC 3339 says a time: Terraform compares it. */
  readonly observed: string;
  /** Hash of the manifest that it holds; `none` before the first apply. */
  readonly manifest: string;
  /** Hash of the manifest that Terraform had recorded for it then; null where that is not known. */
  readonly recorded: string | null;
  readonly generation: number;
  /** What is not as it was put there; known secrets are masked in its lines. */
  readonly drift: readonly { readonly what: string; readonly diff?: string }[];
  readonly units: readonly { readonly name: string; readonly wanted: string; readonly is: string }[];
}

export interface Observed {
  readonly format: 1;
  readonly stack: string;
  readonly hosts: Readonly<Record<string, ObservedHost>>;
  /** Host → why it could not be asked; what is said of it above was seen earlier. */
  readonly failures: Readonly<Record<string, string>>;
}

/**
 * Where it lies: beside the platform file, which may share its folder with others.
 * @param platform the platform file; the result is relative to whatever it is relative to
 */
export function observedFile(platform: string, stack: string): string {
  const name = posix.basename(platform, ".yaml");
  const file = name === "platform" ? `${stack}.json` : `${name}.${stack}.json`;
  return posix.join(posix.dirname(platform), ".soundstage", "observed", file);
}
