// What an upgrade would do, as people read it.

import { plain } from "../text/plain.ts";
import { plural } from "../text/quantity.ts";
import { type HostUpdates, isDue, type RebootMode, reboots } from "./host-updates.ts";

export function updatesText(updates: HostUpdates, mode: RebootMode): string {
  const { host, packages, held, restarts, awaiting, reboot, notes, unproven } = updates;
  const whole = reboots(updates, mode);
  const head = isDue(updates, mode)
    ? [
        packages.length > 0 ? plural(packages.length, "package") : "no package",
        ...(whole ? ["reboots"] : restarts.length > 0 ? [plural(restarts.length, "restart")] : []),
      ].join(", ")
    : "nothing to do";
  const rows = [
    ...notes.map((note) => `! ${note}`),
    ...(unproven ? [`! an upgrade of ${unproven} was not proven: its probes are asked again`] : []),
    ...packages.map(({ name, from, to }) => `+ ${name} ${from} → ${to}`),
    ...held.map(({ name, from, to, why }) => `= ${name}${from ? ` ${from}, ${to} is offered` : ""}: ${why}`),
    ...(whole
      ? [`~ reboot: ${reboot.join("; ") || "--reboot always"}`]
      : restarts.map(
          ({ name, whose }) => `~ restart ${name}${whose === "other" ? ", not the bundle's" : ""}`,
        )),
    ...(whole ? [] : awaiting.map((name) => `! ${name} runs replaced files until a reboot`)),
    ...(whole ? [] : reboot.map((reason) => `! a reboot is due (${reason}), and --reboot ${mode} leaves it`)),
  ];
  return [`${host}  ${head}`, ...rows.map((row) => `  ${row}`)].map((line) => `${plain(line)}\n`).join("");
}
