// Secrets of a manifest against those that a host holds, told by versions and salted digests.
import type { Manifest } from "../../bundle/manifest.ts";
import { versionsOf } from "../../bundle/versions.ts";
import { ConvergeFault } from "../fault.ts";
import { type Secrets, saltedDigest } from "../secrets/secrets.ts";
import { Answer, type Line } from "./answer.ts";

export interface SecretChange {
  readonly path: string;
  /** Versions of its parts, as the host has them; `-` where none has one, undefined where it has no such secret. */
  readonly held: string | undefined;
  readonly wanted: string;
  /** `same`: nothing but its version was raised. */
  readonly value: "same" | "other";
}

/** In the place of versions where a file has none: what is the operator's own may change at any time. */
export const UNVERSIONED = "-";

/** A new value under an old version is refused. */
export function secretChanges(
  { secrets }: Manifest,
  answer: readonly Line[],
  values: Pick<Secrets, "content">,
): SecretChange[] {
  const lines = new Map(new Answer(answer).all("secret").map((fields) => [fields[3] as string, fields]));
  return secrets.flatMap((secret): SecretChange[] => {
    const { path } = secret;
    const wanted = versionsOf(secret) || UNVERSIONED;
    const line = lines.get(path);
    if (!line) return [{ path, held: undefined, wanted, value: "other" }];
    const [held = "", salt, digest] = line;
    if (saltedDigest(salt as string, values.content(secret)) === digest)
      return held === wanted ? [] : [{ path, held, wanted, value: "same" }];
    if (held === wanted && wanted !== UNVERSIONED) {
      throw new ConvergeFault(
        `the value of ${path} is not the one that version ${held} was applied with: raise its version to rotate it`,
      );
    }
    return [{ path, held, wanted, value: "other" }];
  });
}
