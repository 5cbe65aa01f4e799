// `soundstage down`: the processes of a stack's folders stopped.
import { resolve } from "node:path";
import { readRegion } from "../../bundle/reader.ts";
import { ConvergeFault } from "../fault.ts";
import { platformFolder } from "../output/platform-folder.ts";
import { LocalHost } from "./local.ts";

export interface DownOptions {
  readonly output: string;
  readonly stack: string;
  readonly json?: boolean;
}

export async function down({ output, stack, json }: DownOptions): Promise<void> {
  const folders = readRegion(output, stack).hosts.map((host) => {
    if ("directory" in host) return host;
    throw new ConvergeFault(`host ${host.host} of ${stack} is a machine: it is not stopped from here`);
  });
  const hosts: { host: string; stopped: boolean }[] = [];
  for (const { host, directory } of folders) {
    const stopped = await new LocalHost(resolve(platformFolder(output, stack), directory)).down();
    hosts.push({ host, stopped });
    if (!json) console.log(`${host}  ${stopped ? "stopped" : "was not running"}`);
  }
  if (json) console.log(JSON.stringify({ stack, hosts }, null, 2));
}
