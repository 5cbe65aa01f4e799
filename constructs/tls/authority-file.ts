// The operator's private authority as its hosts know it: its certificate, and no key.
import { Construct } from "constructs";
import { sha256 } from "../../bundle/hash.ts";
import { shell } from "../../templates/shell/print.ts";
import type { Host } from "../host/host.ts";
import type { Authority } from "./certificate.ts";

export const AUTHORITY_FILE = "/etc/soundstage/tls/ca.crt";

const CHILD = "authority";

/** Gives the host the certificate of the authority, once for all who ask. @returns its path, which is a trigger */
export function trustAuthority(host: Host, { certificate }: Authority): string {
  if (!host.node.tryFindChild(CHILD)) {
    host.secret(new Construct(host, CHILD), AUTHORITY_FILE, { parts: [certificate, "\n"], mode: "0644" });
  }
  return AUTHORITY_FILE;
}

/** Sets `authority` to the file as it will be: staged where it is on its way. */
export const AUTHORITY_TO_BE = shell(
  `authority="\${SOUNDSTAGE_SECRETS:-}/${sha256(AUTHORITY_FILE)}"`,
  `[ -s "$authority" ] || authority=${AUTHORITY_FILE}`,
).trimEnd();
