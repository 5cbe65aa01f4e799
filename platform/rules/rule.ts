import type { Path } from "../document.ts";
import type { Parts } from "../parts.ts";

export interface Finding {
  readonly path: Path;
  readonly message: string;
  /** The key is meant, not its value. */
  readonly key?: boolean;
}

/** One thing that must hold between parts of the file. */
export interface Rule {
  readonly id: string;
  find(parts: Parts): readonly Finding[];
}
