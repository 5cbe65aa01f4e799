// Hosts as Terraform has recorded them: each a `terraform_data` of its name, and one more that brings them all to their bundles.
import type { Change } from "./plan-json.ts";
import { type StateJson, triggersOf } from "./state-json.ts";

/** The one that runs converge: host → address, hash of its manifest and more. */
const CONVERGE = "converge";

export interface RecordedHost {
  readonly host: string;
  /** None where it is a folder, or where the last run did not end. */
  readonly address?: string;
  /** Hash of the manifest that it was brought to. */
  readonly manifest?: string;
  readonly retired: boolean;
}

export function hostsInState(state: StateJson): RecordedHost[] {
  return recorded(triggersOf(state));
}

/** Hosts whose records a plan gives up. */
export function hostsGivenUp(changes: readonly Change[]): RecordedHost[] {
  const before = changes
    .filter(({ type }) => type === "terraform_data")
    .map(({ name, change }) => {
      const { triggers_replace: triggers } = (change.before ?? {}) as { triggers_replace?: object };
      return [name, (triggers ?? {}) as Readonly<Record<string, unknown>>] as const;
    });
  const given = changes.filter(
    ({ type, verb }) => type === "terraform_data" && (verb === "delete" || verb === "forget"),
  );
  return recorded(new Map(before)).filter(({ host }) => given.some(({ name }) => name === host));
}

function recorded(triggers: ReadonlyMap<string, Readonly<Record<string, unknown>>>): RecordedHost[] {
  const connections = (triggers.get(CONVERGE) ?? {}) as Record<
    string,
    { address?: string; manifest?: string } | undefined
  >;
  return [...triggers.keys()]
    .filter((name) => name !== CONVERGE)
    .map((host) => {
      const { address, manifest } = connections[host] ?? {};
      return {
        host,
        retired: triggers.get(host)?.retired !== undefined,
        ...(address && { address }),
        ...(manifest && { manifest }),
      };
    });
}
