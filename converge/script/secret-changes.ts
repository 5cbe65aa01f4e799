// Secrets of a manifest against those that a host holds, told by versions and salted digests.
import type { Manifest, SecretFile } from "../../bundle/manifest.ts";
import { ConvergeFault } from "../fault.ts";
import { type Secrets, saltedDigest } from "../secrets/secrets.ts";
import { Answer, type Line } from "./answer.ts";

export interface SecretChange {
  readonly path: string;
  /** Versions of its parts, as the host has them; undefined where it has no such secret. */
  readonly held: string | undefined;
  readonly wanted: string;
  /** `same`: nothing but its version was raised. */
  readonly value: "same" | "other";
}

/** A new value under an old version is refused. */
export function secretChanges(
  { secrets }: Manifest,
  answer: readonly Line[],
  values: Pick<Secrets, "content">,
): SecretChange[] {
  const lines = new Map(new Answer(answer).all("secret").map((fields) => [fields[3] as string, fields]));
  return secrets.flatMap((secret): SecretChange[] => {
    const { path } = secret;
    const wanted = versionsOf(secret);
    const line = lines.get(path);
    if (!line) return [{ path, held: undefined, wanted, value: "other" }];
    const [held = "", salt, digest] = line;
    if (saltedDigest(salt as string, values.content(secret)) === digest)
      return held === wanted ? [] : [{ path, held, wanted, value: "same" }];
    if (held === wanted) {
      throw new ConvergeFault(
        `the value of ${path} is not the one that version ${held} was applied with: raise its version to rotate it`,
      );
    }
    return [{ path, held, wanted, value: "other" }];
  });
}

function versionsOf({ parts }: SecretFile): string {
  return parts.flatMap((part) => (typeof part === "string" ? [] : [part.version])).join(",") || "-";
}
