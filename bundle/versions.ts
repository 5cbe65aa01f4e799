import type { SecretFile } from "./manifest.ts";

/** Versions of the secrets in a file: raising one rotates it. Empty where it holds none. */
export function versionsOf({ parts }: Pick<SecretFile, "parts">): string {
  return parts
    .flatMap((part) => (typeof part === "object" && "version" in part ? [part.version] : []))
    .join(",");
}
