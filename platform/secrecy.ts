// What may be a secret, by the key it stands under or by its looks.
import { nearest } from "./suggest.ts";

/** Keys of a reference to a secret: what stands there may be shown. */
export const REFERENCE_KEYS: readonly string[] = ["env", "file", "command", "sops", "key", "version"];
/** Keys of `database.passwords`, each of a reference. */
export const PASSWORDS: readonly string[] = ["superuser", "replication", "rewind", "application"];
export const ENVIRONMENT_NAME = /^[A-Z_][A-Z0-9_]*$/;
/** Keys of nested mappings, joined by dots. */
export const KEY_PATH = /^[\w-]+(?:\.[\w-]+)*$/;

const WORD =
  "pass(?:word|wd|phrase)s?|secrets?|token|credentials?|api_?-?key|private_?-?key|(?:access|auth)_?-?key";
const KEY = new RegExp(`(?:^|_|-)(?:${WORD})$`);
const PRIVATE_KEY = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY/;
/** Forms of secrets that are known wherever they stand, after what may be shown; none looks back, which takes long. */
const FORMS: readonly RegExp[] = [
  /(:\/\/[^/\s:@]*:)[^/\s@]+(?=@)/g,
  /(\b(?:password|passwd|passphrase)\s*=\s*)(?!\*{8})[^\s,;]+/gi,
  /()\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  /()\b(?:gh[opsu]_[A-Za-z0-9]{36}|github_pat_\w{22,}|xox[abp]-[\w-]{10,}|hvs\.[\w-]{20,})/g,
];
export const MASK = "********";

/** Whether a key says that its value is a secret: of `key` alone only the authority's is one. */
export function secretive(key: string, parent = ""): boolean {
  if (key === "key") return parent === "authority";
  return KEY.test(key.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase());
}

/** Whether a text holds a secret: a private key, a URL with a password, a well-known form of token. */
export function looksSecret(text: string): boolean {
  return PRIVATE_KEY.test(text) || FORMS.some((form) => text.search(form) >= 0);
}

const ASSIGNED = new RegExp(`((?:${WORD})["']?\\s*[:=]\\s*)(?![\\s{[&*|>]).+$`, "gim");

/** A text without what follows the words of secrets, for comments and for values that swallowed a line. */
export function scrubbed(text: string): string {
  if (PRIVATE_KEY.test(text)) return MASK;
  return FORMS.reduce((rest, form) => rest.replace(form, `$1${MASK}`), text.replace(ASSIGNED, `$1${MASK}`));
}

const REFERENCE = /\{\s*(?:env|file|command|sops)\s*:[^{}]*\}/g;
/** Keys of the platform file that name no secret and yet hold one: what they stand under may not be readable. */
const PLAIN = "\\b(?:key|superuser|replication|rewind|application)";
const ANYWHERE = new RegExp(`${WORD}|${PLAIN}(?=["']?\\s*:)`, "i");
const OPENS = new RegExp(`^(\\s*)[-\\w"']*(?:${WORD}|${PLAIN})["']?\\s*:`, "i");

const WORDS: readonly string[] = [
  ...[
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "apiKey",
    "privateKey",
  ],
  ...["key", "broadcastToken"],
  ...PASSWORDS,
];
/** Keys of the file that are near to one of these and hold no secret. */
const PUBLIC: readonly string[] = [...REFERENCE_KEYS, "hostKey", "knownHosts"];

/** Lines of a text that is no YAML, where only their looks tell what is a secret: rather too little than too much. */
export function guarded(lines: readonly string[]): string[] {
  let inside = -1;
  let armoured = false;
  return lines.map((line) => {
    const began = PRIVATE_KEY.test(line);
    const masked = armoured || began;
    if (began) armoured = true;
    if (/-----END /.test(line)) armoured = false;
    if (masked) return MASK;
    const indent = line.search(/\S/);
    // The value of a key that stands in a line before, after `?`.
    if (/^\s*:(?:\s|$)/.test(line)) {
      inside = indent;
      return `${line.slice(0, indent)}: ${MASK}`;
    }
    if (indent >= 0 && indent <= inside) inside = -1;
    const belongs = inside >= 0 && indent > inside;
    const opens = OPENS.exec(line) ?? (misspelled(line) && /^(\s*)/.exec(line));
    if (opens && inside < 0) inside = (opens[1] as string).length;
    return guardedLine(line, belongs);
  });
}

function guardedLine(line: string, belongs: boolean): string {
  // A reference may be shown: its place is kept while the words beside it are looked for.
  const rest = line.replace(REFERENCE, (reference) => "\0".repeat(reference.length));
  const word = ANYWHERE.exec(rest) ?? misspelled(rest);
  const from = word ? word.index + word[0].length : belongs ? afterKey(rest) : -1;
  if (from < 0) return scrubbed(line);
  return /^["']?\s*:?[\s\0]*(?:#.*)?$/.test(rest.slice(from)) ? line : `${line.slice(0, from)}: ${MASK}`;
}

/** The first key of a line that is nearly the word of a secret. */
function misspelled(line: string): RegExpExecArray | undefined {
  for (const key of line.matchAll(/[A-Za-z][\w-]{2,40}(?=["']?\s{0,8}:)/g)) {
    const last = key[0].replace(/([a-z0-9])([A-Z])/g, "$1_$2").split(/[_-]/);
    const meant = nearest(key[0], WORDS) ?? nearest(last.at(-1) as string, WORDS);
    if (meant && !PUBLIC.includes(key[0])) return key;
  }
  return undefined;
}

/** Where a line's value begins, unless it is part of a reference. */
function afterKey(line: string): number {
  const key = /^\s*(?:- )?["']?([\w-]+)["']?\s*(?=:)/.exec(line);
  if (key && REFERENCE_KEYS.includes(key[1] as string)) return -1;
  return key ? key[0].length : line.search(/\S|$/);
}
