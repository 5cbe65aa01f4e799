import { tagsOf } from "./tags.ts";

const URI_LIST =
  /^mailto:[^\s,!@]+@[^\s,!@]+(![0-9]+[kmgt]?)?(\s*,\s*mailto:[^\s,!@]+@[^\s,!@]+(![0-9]+[kmgt]?)?)*$/i;
/** Tag → what it may be (RFC 7489 §6.3); tags that are not known are ignored there. */
const TAGS: Readonly<Record<string, readonly [form: RegExp, expected: string]>> = {
  p: [/^(none|quarantine|reject)$/, "none, quarantine or reject"],
  sp: [/^(none|quarantine|reject)$/, "none, quarantine or reject"],
  pct: [/^(100|\d{1,2})$/, "a number from 0 to 100"],
  adkim: [/^[rs]$/, "r or s"],
  aspf: [/^[rs]$/, "r or s"],
  fo: [/^[01ds](:[01ds])*$/, "0, 1, d or s, with colons between them"],
  ri: [/^\d{1,10}$/, "a number of seconds"],
  rua: [URI_LIST, "addresses such as mailto:dmarc@example.com"],
  ruf: [URI_LIST, "addresses such as mailto:dmarc@example.com"],
};

/** What is wrong with a DMARC record. */
export function dmarcFault(text: string): string | undefined {
  const tags = tagsOf(text);
  if (!tags || !/^v\s*=\s*DMARC1\s*(;|$)/.test(text))
    return "expected a DMARC record: v=DMARC1; p=…, with a semicolon between tags, each given once";
  if ([...tags.keys()][1] !== "p") return "expected p= right after v=DMARC1 in a DMARC record";
  for (const [tag, value] of tags) {
    const [form, expected] = (Object.hasOwn(TAGS, tag) ? TAGS[tag] : undefined) ?? [/^/, ""];
    if (!form.test(value)) return `expected ${expected} for ${tag} of a DMARC record, found "${value}"`;
  }
  return undefined;
}
