// The hash in which nginx looks up server names: its defaults hold few and short ones
// (nginx, "Setting up hashes", and `ngx_hash_init`, whose warning about its size fails the check as well).
import type { Directive } from "../../templates/nginx/print.ts";

const POINTER = 8;
/** Names that fall together must fit one bucket; four to a bucket is more than chance brings. */
const TOGETHER = 4;

export function nameHash(names: readonly string[]): Directive[] {
  const longest = names.reduce((most, { length }) => Math.max(most, length), 0);
  const element = POINTER + Math.ceil((longest + 2) / POINTER) * POINTER;
  return [
    ["server_names_hash_bucket_size", powerFrom(64, POINTER + TOGETHER * element)],
    ["server_names_hash_max_size", powerFrom(512, TOGETHER * names.length)],
  ];
}

/** The power of two that holds what is needed. */
function powerFrom(least: number, needed: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(least, needed)));
}
