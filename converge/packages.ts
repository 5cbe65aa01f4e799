// The versions of packages that hosts have, as packages.lock pins them.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { lockText, type PackagesLock, readLock } from "../bundle/packages-lock.ts";
import { word } from "../templates/shell/print.ts";
import { ConvergeFault } from "./fault.ts";
import { Hosts, type Machine } from "./output/hosts.ts";
import { platformFolder } from "./output/platform-folder.ts";
import { select } from "./output/selection.ts";
import { stacksWithMachines } from "./output/stacks.ts";
import { writeRecord } from "./record-file.ts";
import type { Remote } from "./script/remote.ts";
import { plain } from "./text/plain.ts";
import { plural } from "./text/quantity.ts";

export interface LockOptions {
  /** Folder that cdktf synthesized into. */
  readonly output: string;
  /** All that have machines when absent. */
  readonly stack?: string;
  /** Whose versions shall hold; all when empty. */
  readonly hosts: readonly string[];
  readonly json?: boolean;
}

interface Found {
  readonly host: string;
  readonly release: string;
  readonly name: string;
  /** Absent where it is not installed. */
  readonly version: string | undefined;
}

/** Asks the hosts and writes the file beside the platform file. */
export async function lockPackages({ output, stack, hosts: named, json }: LockOptions): Promise<void> {
  const stacks = stack ? [stack] : stacksWithMachines(output);
  const meant = select({ output, stack: stacks, hosts: named }).flatMap(({ hosts }) =>
    hosts.flatMap((row) => ("address" in row ? [row.host] : [])),
  );
  if (meant.length === 0) throw new ConvergeFault(`${stack ?? "the output"} has no hosts with packages`);
  const hosts = await Hosts.of({ output, stack: stacks, hosts: meant, json });
  const answers = await hosts.each(ask);
  const failures = [...answers].flatMap(([host, answer]) =>
    answer instanceof Error ? [`  - ${host}: ${plain(answer.message)}`] : [],
  );
  if (failures.length > 0)
    throw new ConvergeFault(
      `packages.lock is not written, hosts could not be asked:\n${failures.join("\n")}`,
    );
  const found = [...answers.values()].flatMap((answer) => (answer instanceof Error ? [] : answer));
  const file = join(platformFolder(output, stacks[0] as string), "packages.lock");
  const partial = stack !== undefined || named.length > 0;
  const before = partial && existsSync(file) ? readLock(readFileSync(file, "utf8"), file) : {};
  const lock = renewed(before, agreed(found));
  writeRecord(file, lockText(lock));
  if (json) console.log(JSON.stringify({ file, releases: lock }, null, 2));
  else
    for (const [release, packages] of Object.entries(lock))
      console.log(`${file}: ${plural(Object.keys(packages).length, "package")} of ${release}`);
}

async function ask(remote: Remote, { host, bundle }: Machine): Promise<Found[]> {
  const packages = bundle.manifest.packages.map((spec) => spec.split("=")[0] as string);
  const query = `dpkg-query -W -f '\${db:Status-Status} \${Package} \${Version}\\n' ${packages.map(word).join(" ")}`;
  const printed: Buffer[] = [];
  const out = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      printed.push(chunk);
      done();
    },
  });
  // Of a package that is not there dpkg-query says so, and fails.
  const command = `. /etc/os-release && echo "$VERSION_CODENAME"${packages.length > 0 ? ` && { ${query} 2>/dev/null || [ $? = 1 ]; }` : ""}`;
  const { code, stderr } = await remote.stream(command, out);
  if (code !== 0)
    throw new ConvergeFault(`its packages can not be listed: exit code ${code}\n${stderr.trim()}`);
  const [release = "", ...lines] = Buffer.concat(printed).toString().split("\n");
  const versions = new Map(
    lines.flatMap((line): [string, string][] => {
      const [status, name, version] = line.split(" ");
      return status === "installed" ? [[name as string, version as string]] : [];
    }),
  );
  return packages.map((name) => ({ host, release, name, version: versions.get(name) }));
}

/** One version a package and release: where hosts differ somebody has to say which shall hold. */
function agreed(found: readonly Found[]): PackagesLock {
  const lock: Record<string, Record<string, string>> = {};
  const faults: string[] = [];
  const firsts = new Map<string, Found>();
  for (const each of [...found].sort((a, b) => (a.host < b.host ? -1 : 1))) {
    const { host, release, name, version } = each;
    const first = firsts.get(`${release} ${name}`) ?? each;
    firsts.set(`${release} ${name}`, first);
    if (version === undefined) faults.push(`${name} is not installed on ${host}`);
    else if (first.version !== undefined && version !== first.version)
      faults.push(`${name} is ${first.version} on ${first.host} and ${version} on ${host}`);
    else lock[release] = { ...lock[release], [name]: version };
  }
  if (faults.length === 0) return lock;
  throw new ConvergeFault(
    `packages.lock is not written:\n${faults.map((fault) => `  - ${fault}`).join("\n")}\n` +
      "bring the hosts to their bundles first, or name those whose versions shall hold: soundstage packages lock <host>",
  );
}

/** Of a part of the hosts only what they have is pinned anew. */
function renewed(before: PackagesLock, now: PackagesLock): PackagesLock {
  const rows = Object.entries(now).map(([release, packages]) => [
    release,
    { ...before[release], ...packages },
  ]);
  return { ...before, ...Object.fromEntries(rows) };
}
