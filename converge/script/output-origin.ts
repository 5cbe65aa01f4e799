// From which commit an output comes, and whether that contains what a host has.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** `origin.json` of an output. */
export interface OriginFile {
  /** Full commit id, or null outside a repository. */
  readonly commit: string | null;
  /** Whether tracked files differed from that commit. */
  readonly dirty: boolean;
  /** Commits that it contains, the nearest first. */
  readonly ancestors: readonly string[];
  /** Whether these are all. */
  readonly complete: boolean;
}

export class OutputOrigin {
  readonly #file: OriginFile;
  readonly #ancestors: ReadonlySet<string>;

  constructor(file: OriginFile) {
    this.#file = file;
    this.#ancestors = new Set(file.ancestors);
  }

  static of(output: string): OutputOrigin {
    const file = join(output, "origin.json");
    const none: OriginFile = { commit: null, dirty: false, ancestors: [], complete: false };
    return new OutputOrigin(existsSync(file) ? { ...none, ...JSON.parse(readFileSync(file, "utf8")) } : none);
  }

  /** One word: the commit, with `+dirty` where files differed from it; `-` where there is none. */
  get label(): string {
    const { commit, dirty } = this.#file;
    return commit === null ? "-" : `${commit}${dirty ? "+dirty" : ""}`;
  }

  /** @param held label that a host recorded; absent or `-` where it had none */
  relationTo(held: string | undefined): "contains" | "other" | "unknown" {
    if (!held || held === "-") return "contains";
    const commit = held.replace(/\+dirty$/, "");
    if (commit === this.#file.commit || this.#ancestors.has(commit)) return "contains";
    return this.#file.commit !== null && this.#file.complete ? "other" : "unknown";
  }
}
