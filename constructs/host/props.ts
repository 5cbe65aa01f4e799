// What a host is told to be, and what it is asked for.
import type { Artifact, Connection, Script } from "../../bundle/manifest.ts";
import type { PackagesLock } from "../../bundle/packages-lock.ts";

/** Reached over SSH and brought to its bundle as root. */
export interface SshTransport {
  readonly ssh: Omit<Connection, "host">;
}

/** A folder of this machine, without root: files and processes only. */
export interface LocalTransport {
  /** Relative to the folder of the platform file. */
  readonly directory: string;
}

export interface HostProps {
  readonly transport: SshTransport | LocalTransport;
  /** Address inside the region's private network; clusters listen on it and on nothing else. */
  readonly privateAddress?: string;
  /** Logical CPUs. */
  readonly cpus: number;
  /** MiB. */
  readonly memory: number;
  /** `shared`: a container that owns its namespaced kernel keys only. @default "own" */
  readonly kernel?: "own" | "shared";
  /** Packages that stand in it are installed in that version and held. @default what the mirror offers */
  readonly lock?: PackagesLock;
  /** It leaves the platform: whatever is asked of it, its bundle takes all away. `purge`: its data too. @default it stays */
  readonly retire?: boolean | "purge";
}

/** What a host of a group does when it retires, in the place of what it does when it changes. */
export interface Leaving {
  /** Exit 0 while the host has something to hand over. */
  readonly leads: Script;
  readonly handover: Script;
}

export interface FileProps {
  /** Whole text, or a large file shipped once for all hosts. */
  readonly content: string | Artifact;
  /** @default "0644" */
  readonly mode?: string;
  /** @default "root:root" */
  readonly owner?: string;
}

export interface SysctlProps {
  /** What happens when another construct asks for the same key: the larger wins, or both must agree. @default "equal" */
  readonly merge?: "max" | "equal";
}
