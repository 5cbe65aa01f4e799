// The host's script: one file on the host, kept here in parts.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PARTS = fileURLToPath(new URL("../templates/bootstrap/", import.meta.url));

/** Whole text of `bootstrap.sh`, the same for every host. */
export function bootstrapScript(): string {
  return readdirSync(PARTS)
    .filter((name) => name.endsWith(".sh"))
    .sort()
    .map((name) => readFileSync(join(PARTS, name), "utf8"))
    .join("");
}
