// nginx configuration as data: a directive is its words, and a last array of directives makes it a block.

type Word = string | number;
export type Directive =
  | readonly [name: string, ...args: Word[]]
  | readonly [name: string, ...args: Word[], body: readonly Directive[]];

/** Text of a configuration file; words are quoted where nginx would read more into them. */
export function print(directives: readonly Directive[], indent = ""): string {
  return directives
    .map((directive) => {
      const words = [...directive];
      const body = Array.isArray(words.at(-1)) ? (words.pop() as readonly Directive[]) : undefined;
      const head = indent + words.map((word) => quote(String(word))).join(" ");
      return body ? `${head} {\n${print(body, `${indent}    `)}${indent}}\n` : `${head};\n`;
    })
    .join("");
}

function quote(word: string): string {
  if (/[\n\r\0]/.test(word)) throw new Error(`nginx argument spans lines: ${JSON.stringify(word)}`);
  return word !== "" && /^[^\s;{}"'\\#]+$/.test(word) ? word : `"${word.replace(/["\\]/g, "\\$&")}"`;
}
