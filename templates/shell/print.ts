// POSIX shell: lines of a script, and words that stay one word.

/** A script that stops at the first failure when it is run by `sh -eu`. */
export function shell(...lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

/** Quotes a word where the shell would read more into it (POSIX.1-2017, Shell Command Language, 2.2). */
export function word(text: string): string {
  if (text.includes("\0")) throw new Error("a shell word can not hold a NUL byte");
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
