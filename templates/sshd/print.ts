/** A setting of sshd_config(5): its keyword and its arguments. */
export type Setting = readonly [keyword: string, ...args: readonly (string | number)[]];

/** One setting a line; what holds blanks is quoted (sshd_config(5)). */
export function print(settings: readonly Setting[]): string {
  return settings.map((setting) => `${setting.map(argument).join(" ")}\n`).join("");
}

function argument(value: string | number): string {
  const text = String(value);
  if (/["\n\r\0]/.test(text) || text === "")
    throw new Error(`an argument of sshd can not be ${JSON.stringify(text)}`);
  return /\s/.test(text) ? `"${text}"` : text;
}
