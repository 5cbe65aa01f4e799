// What Terraform's command and `soundstage apply` call: the hosts of one stack, brought to their bundles.
import { join, resolve } from "node:path";
import type { Connection } from "../bundle/manifest.ts";
import { readBundle, readRegion } from "../bundle/reader.ts";
import { ConvergeFault } from "./fault.ts";
import { LocalHost } from "./local.ts";
import { platformFolder } from "./platform-folder.ts";
import { convergeRegion, logFile, requireApplicable } from "./region.ts";
import { PlainReport, type Report } from "./report.ts";
import { Secrets } from "./secrets.ts";

export interface ConvergeOptions {
  /** Folder that cdktf synthesized into. */
  readonly output: string;
  readonly stack: string;
  /** Names of hosts; all when empty. */
  readonly hosts?: readonly string[];
  /** JSON of what Terraform planned: host → manifest hash and more. */
  readonly triggers?: string;
}

/** @returns the exit code: 0 only when every host is at its bundle */
export async function converge(options: ConvergeOptions): Promise<number> {
  const { output, stack } = options;
  const region = readRegion(output, stack);
  requireApplicable(stack, region.example);
  const names = region.hosts.map(({ host }) => host);
  const unknown = (options.hosts ?? []).filter((host) => !names.includes(host));
  if (unknown.length > 0)
    throw new ConvergeFault(`${stack} has no host ${unknown.join(", ")}; it has ${names.join(", ")}`);
  if (options.triggers !== undefined) requirePlanned(output, stack, names, options.triggers);
  const wanted = region.hosts.filter(({ host }) => !options.hosts?.length || options.hosts.includes(host));
  const report = await display(
    wanted.map(({ host }) => host),
    logFile(output, stack),
  );
  const folder = platformFolder(output, stack);
  const failed = await convergeRegion({
    output,
    stack,
    hosts: wanted.filter((host): host is Connection => "address" in host),
    folder,
    report,
  });
  for (const host of wanted) {
    if (!("directory" in host)) continue;
    const bundle = readBundle(output, stack, host.host);
    const done = await new LocalHost(resolve(folder, host.directory)).converge(
      bundle,
      new Secrets(folder),
      report,
    );
    if (!done) failed.add(host.host);
  }
  await report.close();
  return failed.size > 0 ? 1 : 0;
}

/** A display that moves where a person looks, plain lines for Terraform, which gives its child no terminal. */
async function display(hosts: readonly string[], log: string): Promise<Report> {
  if (!process.stdout.isTTY) return new PlainReport(hosts, log);
  const { LiveReport } = await import("./live-report.ts");
  return new LiveReport(hosts, log);
}

/** Stops the processes of a stack's folders. */
export async function down(output: string, stack: string): Promise<void> {
  for (const host of readRegion(output, stack).hosts) {
    if (!("directory" in host))
      throw new ConvergeFault(`host ${host.host} of ${stack} is a machine: it is not stopped from here`);
    const stopped = await new LocalHost(resolve(platformFolder(output, stack), host.directory)).down();
    console.log(`${host.host}  ${stopped ? "stopped" : "was not running"}`);
  }
}

/** What is applied is what was planned: an output that was synthesized anew meanwhile is refused. */
function requirePlanned(output: string, stack: string, hosts: readonly string[], triggers: string): void {
  const planned = JSON.parse(triggers) as Record<string, { manifest: string }>;
  const other = [...new Set([...hosts, ...Object.keys(planned)])].filter(
    (host) => !hosts.includes(host) || readBundle(output, stack, host).hash !== planned[host]?.manifest,
  );
  if (other.length > 0) {
    throw new ConvergeFault(
      `${join(output, "stacks", stack)} is not what was planned: the bundle of ${other.join(", ")} differs; plan again and apply that plan`,
    );
  }
}
