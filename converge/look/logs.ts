// `soundstage logs`: the journal of a host's units, as it comes.
import { word } from "../../templates/shell/print.ts";
import { ConvergeFault } from "../fault.ts";
import { Hosts } from "../output/hosts.ts";
import { plain } from "../text/plain.ts";
import { hasColours } from "../text/table.ts";

export interface LogsOptions {
  readonly output: string;
  readonly stack: string;
  readonly host: string;
  /** @default all units of the host's bundle */
  readonly unit?: string;
  readonly follow?: boolean;
  /** How many of the last lines. @default 100 */
  readonly lines?: string;
  /** Journald's own objects, one a line. */
  readonly json?: boolean;
}

/** Of our own command: journalctl(1) has no such exit code. */
const NO_UNIT = 66;

/** @returns the exit code of journalctl(1) */
export async function logs({
  host,
  unit,
  follow,
  lines = "100",
  json,
  ...wanted
}: LogsOptions): Promise<number> {
  if (!/^\d+$/.test(lines)) throw new ConvergeFault(`--lines ${lines}: expected a number such as 100`);
  const hosts = await Hosts.of({ ...wanted, hosts: [host], json });
  return hosts.reach(host, async (remote, { bundle }) => {
    const ours = bundle.manifest.units.filter(({ state }) => state === "started").map(({ name }) => name);
    const units = unit ? [unit] : ours;
    if (units.length === 0) throw new ConvergeFault(`the bundle of ${host} has no units: name one`);
    const command = [
      ...(hasColours() && !json ? ["env", "SYSTEMD_COLORS=1"] : []),
      ...[
        "journalctl",
        "--no-pager",
        "--quiet",
        `--lines=${lines}`,
        `--output=${json ? "json" : "short-iso"}`,
      ],
      ...(follow ? ["--follow"] : []),
      ...units.map((name) => `--unit=${name}`),
    ];
    const known = unit ? `${requireUnit(unit)}; ` : "";
    const { code, stderr } = await remote.stream(
      `${known}exec ${command.map(word).join(" ")}`,
      process.stdout,
    );
    if (code === NO_UNIT)
      throw new ConvergeFault(
        `${host} has no unit ${unit}, and its journal no line of one; of its bundle it has ${ours.join(", ") || "none"}`,
      );
    if (code !== 0) process.stderr.write(plain(stderr || `journalctl: exit code ${code}\n`));
    return code;
  });
}

/** To journalctl(1) a unit that never was is one that logged nothing; one that is gone has its lines still. */
function requireUnit(unit: string): string {
  const loaded = `systemctl show --property=LoadState --value -- ${word(unit)}`;
  const last = `journalctl --quiet --lines=1 --output=short ${word(`--unit=${unit}`)}`;
  return `[ "$(${loaded})" != not-found ] || [ -n "$(${last})" ] || exit ${NO_UNIT}`;
}
