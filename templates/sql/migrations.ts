// The schema's versions, as files that are shipped as they are.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("./", import.meta.url));

export interface Migration {
  /** `0001_catalogue.sql`: four digits give the order. */
  readonly name: string;
  readonly text: string;
}

export function migrations(): Migration[] {
  return readdirSync(FOLDER)
    .filter((name) => /^\d{4}_\w+\.sql$/.test(name))
    .sort()
    .map((name) => ({ name, text: readFileSync(`${FOLDER}${name}`, "utf8") }));
}
