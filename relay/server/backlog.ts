/** Milliseconds of audio that may wait for one listener; above it whole chunks are skipped. */
export const MOST_AUDIO = 1_000;
/** Milliseconds: what comes in one burst and leaves at once says nothing about a listener. */
export const BURST = 1_000;
/** Milliseconds in which a client must take something, and one that lost chunks all that waits. */
export const PATIENCE = 15_000;
/** Bytes of any kind: the last guard, also against who asks and never reads the answers. */
export const MOST_BYTES = 256 * 1024;

/** What was written for one client and has not left yet; times are milliseconds of one clock. */
export class Backlog {
  #bytes = 0;
  #audio = 0;
  /** When something began to wait, without a moment since in which nothing did. */
  #since = 0;
  /** When something left last, or began to wait. */
  #moved = 0;
  /** When the first chunk was skipped that has not been caught up with. */
  #over: number | undefined;

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a chunk of `audio` milliseconds may be written; a no begins the client's patience. */
  takes(bytes: number, audio: number, now: number): boolean {
    const full = this.#audio + audio > MOST_AUDIO || this.#bytes + bytes > MOST_BYTES;
    if (!full || !this.#stays(now)) return true;
    this.#over ??= now;
    return false;
  }

  written(bytes: number, audio: number, now: number): void {
    if (this.#bytes === 0) this.#since = this.#moved = now;
    this.#bytes += bytes;
    this.#audio += audio;
  }

  left(bytes: number, audio: number, now: number): void {
    this.#moved = now;
    this.#bytes -= bytes;
    this.#audio -= audio;
    if (this.#bytes === 0) this.#over = undefined;
  }

  /** Whether the client should not be waited for any longer. */
  lost(now: number): boolean {
    if (this.#bytes === 0) return false;
    if (this.#bytes > MOST_BYTES && this.#stays(now)) return true;
    if (now - this.#moved > PATIENCE) return true;
    return this.#over !== undefined && now - this.#over > PATIENCE;
  }

  #stays(now: number): boolean {
    return this.#bytes > 0 && now - this.#since > BURST;
  }
}
