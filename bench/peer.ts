import type { OpenSsh, Target } from "./openssh.ts";

/** What a peer is measured by: the same files on the same hosts. */
export interface PeerTask {
  /** Folder of its programs. */
  readonly bin: string;
  /** For what it reads; made here. */
  readonly folder: string;
  readonly ssh: OpenSsh;
  /** Private key. */
  readonly identity: string;
  readonly targets: readonly Target[];
  /** Path on the hosts → text. */
  readonly files: ReadonlyMap<string, string>;
}
