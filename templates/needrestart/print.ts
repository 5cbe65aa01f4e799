// A drop-in of needrestart, which Debian runs after apt: Perl that its configuration evaluates.

/** Units that it leaves running, whatever their libraries became (needrestart(1), `override_rc`). */
export function keepRunning(units: readonly string[]): string {
  const lines = units.map((unit) => {
    if (!/^[\w@.-]+$/.test(unit)) throw new Error(`no name of a unit: ${JSON.stringify(unit)}`);
    return `$nrconf{override_rc}->{qr(^${unit.replaceAll(/[.@-]/g, "\\$&")}$)} = 0;\n`;
  });
  return `# Written by Soundstage.\n${lines.join("")}`;
}
