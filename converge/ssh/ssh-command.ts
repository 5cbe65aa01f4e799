// The command with which an operator makes the connection that a run makes, to see where it fails.
import { resolve } from "node:path";
import type { Connection } from "../../bundle/manifest.ts";
import { word } from "../../templates/shell/print.ts";
import { hostTarget, jumpTargets, type Target } from "./target.ts";

/**
 * ssh(1) on the way that the host's row says, over its jump hosts.
 * @param folder the platform file's folder, which files are relative to
 */
export function sshCommand(connection: Connection, folder: string): string {
  const hops = jumpTargets(connection);
  return ["ssh", "-v", ...over(hops, hostTarget(connection), folder)].map(word).join(" ");
}

/** `-J` shows jump hosts no key that is named here: each is a command of its own, which leads to the next. */
function over(hops: readonly Target[], { address, ports, user, ...files }: Target, folder: string): string[] {
  const last = hops.at(-1);
  const [port = 22] = ports;
  const place = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  const proxy = last && ["ssh", "-W", place, ...over(hops.slice(0, -1), last, folder)].map(word).join(" ");
  return [
    // ssh takes what follows a percent sign for one of its own words (ssh_config(5), "TOKENS").
    ...(proxy ? ["-o", `ProxyCommand=${proxy.replaceAll("%", "%%")}`] : []),
    "-p",
    String(port),
    ...(files.identity ? ["-i", resolve(folder, files.identity)] : []),
    ...(files.knownHosts ? ["-o", `UserKnownHostsFile=${resolve(folder, files.knownHosts)}`] : []),
    `${user}@${address}`,
  ];
}
