// Environment files as systemd reads them (systemd.exec(5), EnvironmentFile=).

export function print(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => {
      if (!/^[\w@%+=:,./ [\]-]*$/.test(value))
        throw new Error(`environment value of ${name} can not be written plainly: ${JSON.stringify(value)}`);
      return `${name}="${value}"\n`;
    })
    .join("");
}
