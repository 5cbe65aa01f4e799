// pgbackrest.conf as data: sections of `key=value` lines; a key may stand several times.

export type Section = readonly [
  name: string,
  options: readonly (readonly [key: string, value: string | number])[],
];

export function print(sections: readonly Section[]): string {
  const blocks = sections.map(
    ([name, options]) =>
      `[${name}]\n${options.map(([key, value]) => `${key}=${plain(String(value))}\n`).join("")}`,
  );
  return `# Written by Soundstage.\n${blocks.join("\n")}`;
}

function plain(value: string): string {
  if (/[\n\r\0]/.test(value)) throw new Error(`pgbackrest value spans lines: ${JSON.stringify(value)}`);
  return value;
}
