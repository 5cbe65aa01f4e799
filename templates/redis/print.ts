// redis.conf as data: a directive a line, words quoted where they hold more than one would.

export type Directive = readonly [name: string, ...args: (string | number)[]];

export function print(directives: readonly Directive[]): string {
  return directives.map((words) => `${words.map((word) => quote(String(word))).join(" ")}\n`).join("");
}

function quote(word: string): string {
  if (/[\n\r\0]/.test(word)) throw new Error(`redis argument spans lines: ${JSON.stringify(word)}`);
  return word !== "" && /^[^\s"'\\#]+$/.test(word) ? word : `"${word.replace(/["\\]/g, "\\$&")}"`;
}
