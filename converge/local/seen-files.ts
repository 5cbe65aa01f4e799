// Hashes of large files that were read before: as long as nothing of a file changed, it is not read again.
import { readFileSync, statSync } from "node:fs";
import { sha256 } from "../../bundle/hash.ts";
import { readRecord, writeRecord } from "../record-file.ts";

/** Milliseconds: a file that changed so lately may change once more without another time of change. */
const SETTLED = 2000;

interface Seen {
  /** Inode, size and times of change: a content that becomes another one has another ctime (inode(7)). */
  readonly state: string;
  readonly sha256: string;
}

export class SeenFiles {
  readonly #record: string;
  readonly #seen: Map<string, Seen>;

  /** @param record file that keeps what was seen; one that can not be read is none */
  constructor(record: string) {
    this.#record = record;
    this.#seen = new Map(Object.entries(parsed(readRecord(record))));
  }

  /** Hash of a file's content. */
  hash(file: string): string {
    const { ino, size, mtimeNs, ctimeNs, ctimeMs } = statSync(file, { bigint: true });
    const state = [ino, size, mtimeNs, ctimeNs].join(" ");
    const before = this.#seen.get(file);
    if (before?.state === state) return before.sha256;
    const began = Date.now();
    const seen = { state, sha256: sha256(readFileSync(file)) };
    this.#seen.delete(file);
    if (Number(ctimeMs) < began - SETTLED) this.#seen.set(file, seen);
    this.#keep();
    return seen.sha256;
  }

  #keep(): void {
    try {
      writeRecord(this.#record, `${JSON.stringify(Object.fromEntries(this.#seen), null, 2)}\n`);
    } catch {
      // On a full disk the file is read again next time.
    }
  }
}

function parsed(text = "{}"): Readonly<Record<string, Seen>> {
  try {
    return (JSON.parse(text) as Record<string, Seen> | null) ?? {};
  } catch {
    return {};
  }
}
