// systemd unit files as data: sections of [key, value] lines (systemd.syntax(7)).

export type Setting = readonly [key: string, value: string | number | boolean];
export type Section = readonly [name: string, settings: readonly Setting[]];

export function print(sections: readonly Section[]): string {
  return sections
    .map(
      ([name, settings]) =>
        `[${name}]\n${settings.map(([key, value]) => `${key}=${line(value)}\n`).join("")}`,
    )
    .join("\n");
}

/** One word of an `Exec…=` line: no specifier and no variable in it is expanded. */
export function word(text: string): string {
  return assignment(text.replaceAll("$", "$$$$"));
}

/** One assignment of `Environment=`, where `$` has no special meaning (systemd.exec(5)). */
export function assignment(text: string): string {
  const literal = line(text).replaceAll("%", "%%");
  return /^[\w@%+=:,./$-]+$/.test(literal) ? literal : `"${literal.replace(/["\\]/g, "\\$&")}"`;
}

function line(value: string | number | boolean): string {
  if (value === true) return "yes";
  if (value === false) return "no";
  const text = String(value);
  if (/[\n\r\0]/.test(text)) throw new Error(`systemd value spans lines: ${JSON.stringify(text)}`);
  return text;
}
