// haproxy.cfg as data: sections of keyword lines, words quoted as HAProxy's manual says (section 2.2).

export type Line = readonly [keyword: string, ...args: (string | number)[]];
export type Section = readonly [kind: string, name: string, lines: readonly Line[]];

export function print(sections: readonly Section[]): string {
  const blocks = sections.map(
    ([kind, name, lines]) =>
      `${[kind, name].filter(Boolean).join(" ")}\n${lines.map((line) => `    ${line.map((word) => quote(String(word))).join(" ")}\n`).join("")}`,
  );
  return `# Written by Soundstage.\n${blocks.join("\n")}`;
}

function quote(word: string): string {
  if (/[\n\r\0]/.test(word)) throw new Error(`haproxy argument spans lines: ${JSON.stringify(word)}`);
  return word !== "" && /^[^\s"'\\#$]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
