// The machine's shape and the versions of all that took part.
import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { timed } from "./child.ts";

export async function machine(peers: readonly string[]): Promise<string> {
  const processors = cpus();
  const debian = readFileSync("/etc/debian_version", "utf8").trim();
  const openssh = (await timed("ssh", ["-V"])).output.split(",", 1)[0];
  return [
    `${processors.length} CPUs (${processors[0]?.model.trim()})`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    `Linux ${release()}`,
    `Debian ${debian}`,
    `Node.js ${process.versions.node}`,
    openssh,
    ...peers.map((requirement) => requirement.replace("==", " ")),
  ].join(" · ");
}
