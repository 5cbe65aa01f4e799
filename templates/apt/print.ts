// A drop-in of apt.conf(5).

/** A list, which adds to those that other files of apt.conf.d give the same name. */
export function list(name: string, values: readonly string[]): string {
  const lines = values.map((value) => {
    if (/["\\\n]/.test(value)) throw new Error(`apt.conf can not hold ${JSON.stringify(value)}`);
    return `  "${value}";\n`;
  });
  return `// Written by Soundstage.\n${name} {\n${lines.join("")}};\n`;
}
