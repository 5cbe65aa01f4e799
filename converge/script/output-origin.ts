// From which commit an output comes, and whether that contains what a host has.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FLAG, type Forms, outputJson, TEXTS } from "../../bundle/output-json.ts";

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

const ORIGIN: Forms = {
  commit: ["a commit or null", (value) => value === null || typeof value === "string"],
  dirty: FLAG,
  ancestors: TEXTS,
  complete: FLAG,
};

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
    if (!existsSync(file)) return new OutputOrigin(none);
    return new OutputOrigin(outputJson(readFileSync(file, "utf8"), file, ORIGIN) as OriginFile);
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
