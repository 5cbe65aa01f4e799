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
  const hosts = await Hosts.of({ ...wanted, hosts: [host] });
  return hosts.reach(host, async (remote, { bundle }) => {
    const units = unit
      ? [unit]
      : bundle.manifest.units.filter(({ state }) => state === "started").map(({ name }) => name);
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
    const { code, stderr } = await remote.stream(`exec ${command.map(word).join(" ")}`, process.stdout);
    if (code !== 0) process.stderr.write(plain(stderr || `journalctl: exit code ${code}\n`));
    return code;
  });
}
