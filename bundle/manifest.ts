// The contract between what is synthesized and what is applied: all that one host shall be.

/** POSIX sh, run by `sh -eu` on the host as root; never holds a secret. */
export type Script = string;

/** Where a secret comes from; resolved by converge at the last moment, never at synthesis. */
export type SecretRef = { readonly version: number } & (
  | { readonly env: string }
  /** Relative to the folder of the platform file. */
  | { readonly file: string }
  | { readonly command: readonly string[] }
  /** A file that sops encrypted, and the keys under which the secret stands in it, joined by dots. */
  | { readonly sops: string; readonly key: string }
);

/** An operator's own file or value that is no versioned secret of a host, such as the CA's key. */
export type OperatorRef = { readonly env: string } | { readonly file: string };

export interface User {
  readonly name: string;
  readonly home: string;
  readonly shell: string;
  readonly groups: readonly string[];
}

export interface Directory {
  readonly path: string;
  /** Four octal digits. */
  readonly mode: string;
  /** `user:group`. */
  readonly owner: string;
}

export interface ManagedFile {
  readonly path: string;
  readonly mode: string;
  readonly owner: string;
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** `text` lies under the bundle's `files/`, `blob` under the output's `blobs/`, once for all hosts. */
  readonly source: "text" | "blob";
}

/** A gzipped tar of the output's `blobs/`, unpacked as a whole into `path` and replaced by rename. */
export interface Archive {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

/** A 0600 file (or as given) made of literal text and secrets. */
export interface SecretFile {
  readonly path: string;
  readonly mode: string;
  readonly owner: string;
  /** What is the operator's own has no version: it goes out as it is at the time. */
  readonly parts: readonly (string | SecretRef | OperatorRef)[];
}

export interface Sysctl {
  readonly key: string;
  readonly value: string;
}

export interface Unit {
  readonly name: string;
  /** `started` is enabled and active (a timer too); `masked` can not be started, by packages either. */
  readonly state: "started" | "stopped" | "masked";
  /** Paths (files, secrets, archives, what a certificate action produces) whose change restarts it. */
  readonly restart: readonly string[];
  /** Paths whose change reloads it. */
  readonly reload: readonly string[];
}

/** Judges a set of files as the tree they will be, before any of them replaces anything. */
export interface Check {
  readonly id: string;
  readonly command: Script;
  /** The check runs where one of these differs from what the host has. */
  readonly paths: readonly string[];
}

/** What an operator action asks the operator's side to sign. */
export interface CertificateRequest {
  /** DNS names; the first is the common name. */
  readonly names: readonly string[];
  readonly addresses: readonly string[];
  readonly days: number;
  readonly usages: readonly ("serverAuth" | "clientAuth")[];
  readonly authority: { readonly certificate: OperatorRef; readonly key: OperatorRef };
}

export interface Action {
  readonly id: string;
  /** `prepare`: before files are checked, changes nothing that runs. `after`: after units run. */
  readonly when: "prepare" | "after";
  /** `host`: on each host. `cluster`: once among the hosts that carry the same id. `operator`: signed there. */
  readonly scope: "host" | "cluster" | "operator";
  /** Exit 0: nothing to do. Exit 1: to do. Else: a failure. */
  readonly check: Script;
  /** For `operator` its stdin is the signed PEM chain: the leaf, then the authority. */
  readonly apply: Script;
  /** Puts back what `apply` did; without it the action is a point of no return. Only `after` with scope `host` may have it. */
  readonly undo?: Script;
  /** For `operator`: prints a PEM certificate request. */
  readonly request?: Script;
  readonly certificate?: CertificateRequest;
}

/** Must exit 0 within `seconds` after the units run, tried about once a second. */
export interface Probe {
  readonly id: string;
  readonly command: Script;
  readonly seconds: number;
}

/** How the hosts of one group may change. */
export interface ChangeOrder {
  readonly group: string;
  readonly mode: "together" | "one-by-one" | "first-then-rest";
  /** Exit 0 where the member holds no data yet or stands still: when every member does, all start together. */
  readonly fresh?: Script;
  /** Exit 0 where the member leads: it is changed last. */
  readonly leads?: Script;
  /** Run on the leader before it is changed: hands its role over and waits. */
  readonly handover?: Script;
  /** Must exit 0 within `gateSeconds` on a changed member before the next one is touched. */
  readonly gate?: Script;
  readonly gateSeconds?: number;
}

/** A process under the detached supervisor of a `local` host; paths are relative to the host's folder. */
export interface Process {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly restart: readonly string[];
  /** TCP port of the loopback that must be free before it starts. */
  readonly port?: number;
}

export interface Manifest {
  readonly format: 1;
  readonly host: string;
  readonly transport: "ssh" | "local";
  /** `name`, or `name=version` for one that is installed in that version and held. */
  readonly packages: readonly string[];
  readonly users: readonly User[];
  readonly directories: readonly Directory[];
  readonly files: readonly ManagedFile[];
  readonly archives: readonly Archive[];
  readonly secrets: readonly SecretFile[];
  readonly modules: readonly string[];
  readonly sysctls: readonly Sysctl[];
  /** In the order in which they start. */
  readonly units: readonly Unit[];
  readonly checks: readonly Check[];
  readonly actions: readonly Action[];
  readonly probes: readonly Probe[];
  readonly order: readonly ChangeOrder[];
  readonly processes: readonly Process[];
  /** Files and folders that its actions and services make, such as keys, and that leave the host with them. */
  readonly produces?: readonly string[];
  /** The host shall be none of the platform any more: what it had goes, and what is kept of it (`purge`: its data too). */
  readonly retired?: Retired;
}

export interface Retired {
  readonly data: "kept" | "purged";
  /** Folders of data that services of it had. */
  readonly folders: readonly string[];
}

/** How one machine is logged in to. */
export interface Login {
  readonly address: string;
  readonly user: string;
  /** `ssh-ed25519 AAAA…` or `SHA256:…`; else known_hosts decides. */
  readonly hostKey?: string;
  /** Private key, relative to the folder of the platform file; else the agent and the user's own keys. */
  readonly identity?: string;
  /** Of the private key. */
  readonly passphrase?: SecretRef;
}

/** A machine over which a host is reached. */
export interface Jump extends Login {
  readonly port: number;
}

/** How converge reaches a host; lies beside the manifests in `region.json`, not in them. */
export interface Connection extends Login {
  readonly host: string;
  /** A container, whose kernel is not its own. @default its own */
  readonly kernel?: "shared";
  /** Tried in order. */
  readonly ports: readonly number[];
  /** Relative to the folder of the platform file; else the operator's own. */
  readonly knownHosts?: string;
  /** Password of a user who becomes root; without it sudo must ask for none. */
  readonly sudo?: { readonly password: SecretRef };
  /** In the order in which they are passed. */
  readonly jump?: readonly Jump[];
}

/** `stacks/<stack>/region.json`: the hosts that one converge process brings to their bundles. */
export interface RegionFile {
  readonly format: 1;
  readonly stack: string;
  /** The platform file, relative to the output's folder: references to files are relative to its own. */
  readonly platform: string;
  /** Nothing but the `local` stack of an example platform is ever applied. */
  readonly example: boolean;
  /** Sizes of the waves of hosts without an order: counts (`1`) or shares (`25%`), the last repeated. */
  readonly waves?: readonly string[];
  /** Edges that no answer names any more: those are taken out before the stack is deployed. */
  readonly leaving?: readonly LeavingEdge[];
  readonly hosts: readonly (Connection | { readonly host: string; readonly directory: string })[];
}

export interface LeavingEdge {
  readonly host: string;
  readonly address: string;
  /** Seconds that resolvers may still answer with its address; 0 where none did. */
  readonly ttl: number;
}

/** A large file of the operator's machine (a release, a runtime) that goes into the output's `blobs/`. */
export interface Artifact {
  /** Path on the machine that synthesizes; never part of the output. */
  readonly file: string;
  readonly sha256: string;
  readonly size: number;
}
