// pyinfra with the same files on the same hosts.
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { timed } from "./child.ts";
import type { PeerTask } from "./peer.ts";

export const PYINFRA = "pyinfra==3.10.0";

/** @returns a run that finds nothing to change, in milliseconds */
export function pyinfra({ bin, folder, ssh, identity, targets, files }: PeerTask): () => Promise<number> {
  mkdirSync(folder);
  const data = {
    ssh_user: "root",
    ssh_key: identity,
    ssh_known_hosts_file: ssh.knownHosts,
    ssh_strict_host_key_checking: "yes",
  };
  const hosts = targets.map(({ address, port }) => `    ("${address}", {**data, "ssh_port": ${port}}),\n`);
  writeFileSync(
    join(folder, "inventory.py"),
    `data = ${JSON.stringify(data)}\nhosts = [\n${hosts.join("")}]\n`,
  );
  const operations = [...files].map(([path, text]) => {
    writeFileSync(join(folder, basename(path)), text);
    const put = { name: path, src: basename(path), dest: path, mode: "644", user: "root", group: "root" };
    return `files.put(**${JSON.stringify(put)})\n`;
  });
  writeFileSync(join(folder, "deploy.py"), `from pyinfra.operations import files\n${operations.join("")}`);
  return async () => {
    const { ms, output } = await timed(join(bin, "pyinfra"), ["-y", "inventory.py", "deploy.py"], {
      cwd: folder,
    });
    const all = files.size * targets.length;
    if (!new RegExp(`Grand total +${all} +- +- +${all} `).test(output))
      throw new Error(`pyinfra did more than verify:\n${output.slice(-4000)}`);
    return ms;
  };
}
