// A member's place in etcd, as the script that is shipped as it is.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export function memberScript(): string {
  return readFileSync(fileURLToPath(new URL("member.sh", import.meta.url)), "utf8");
}
