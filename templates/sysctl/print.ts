// sysctl.d(5): one `key = value` a line, comments before them.

export interface SysctlFile {
  readonly comments: readonly string[];
  readonly keys: readonly (readonly [key: string, value: string])[];
}

export function print({ comments, keys }: SysctlFile): string {
  for (const line of [...comments, ...keys.flat()]) {
    if (/[\n\r]/.test(line)) throw new Error(`sysctl line spans lines: ${JSON.stringify(line)}`);
  }
  return [
    ...comments.map((comment) => `# ${comment}\n`),
    ...keys.map(([key, value]) => `${key} = ${value}\n`),
  ].join("");
}
