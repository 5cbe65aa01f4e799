/** `tag=value` pairs between semicolons (RFC 6376 §3.2); nothing where a text is no such list. */
export function tagsOf(text: string): ReadonlyMap<string, string> | undefined {
  const parts = text.replace(/;\s*$/, "").split(";");
  const tags = new Map<string, string>();
  for (const part of parts) {
    const pair = /^\s*([A-Za-z][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/.exec(part);
    if (!pair || tags.has(pair[1] as string)) return undefined;
    tags.set(pair[1] as string, pair[2] as string);
  }
  return tags;
}
