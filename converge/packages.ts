// The versions of packages that hosts have, as packages.lock pins them.
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Connection } from "../bundle/manifest.ts";
import { lockText, type PackagesLock, readLock } from "../bundle/packages-lock.ts";
import { readBundle, readRegion } from "../bundle/reader.ts";
import { word } from "../templates/shell/print.ts";
import { ConvergeFault } from "./fault.ts";
import { requireApplicable } from "./output/applicable.ts";
import { platformFolder } from "./output/platform-folder.ts";
import { Secrets } from "./secrets/secrets.ts";
import { Access, accessSecrets } from "./ssh/access.ts";
import { Ssh } from "./ssh/ssh.ts";

export interface LockOptions {
  /** Folder that cdktf synthesized into. */
  readonly output: string;
  /** All that have machines when absent. */
  readonly stack?: string;
  /** Whose versions shall hold; all when empty. */
  readonly hosts: readonly string[];
}

interface Found {
  readonly host: string;
  readonly release: string;
  readonly name: string;
  /** Absent where it is not installed. */
  readonly version: string | undefined;
}

/** Connections at a time. */
const PARALLEL = 16;

/** Asks the hosts and writes the file beside the platform file. */
export async function lockPackages({ output, stack, hosts }: LockOptions): Promise<void> {
  const stacks = stack ? [stack] : stacksOf(output);
  const rows = stacks.flatMap((name) => machines(output, name));
  const unknown = hosts.filter((host) => !rows.some(({ connection }) => connection.host === host));
  if (unknown.length > 0) throw new ConvergeFault(`there is no host ${unknown.join(", ")} among them`);
  const queue = rows.filter(({ connection }) => hosts.length === 0 || hosts.includes(connection.host));
  if (queue.length === 0) throw new ConvergeFault(`${stack ?? "the output"} has no hosts with packages`);
  const folder = platformFolder(output, stacks[0] as string);
  const secrets = new Secrets(folder);
  await secrets.require(queue.map(({ connection }) => accessSecrets(connection)));
  const access = new Access(folder, secrets);
  const found: Found[] = [];
  const worker = async (): Promise<void> => {
    for (let row = queue.shift(); row; row = queue.shift()) {
      const { connection, packages } = row;
      found.push(...(await ask(connection, access, packages)));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  const file = join(folder, "packages.lock");
  const partial = stack !== undefined || hosts.length > 0;
  const before = partial && existsSync(file) ? readLock(readFileSync(file, "utf8"), file) : {};
  const lock = renewed(before, agreed(found));
  writeFileSync(`${file}.part`, lockText(lock));
  renameSync(`${file}.part`, file);
  for (const [release, packages] of Object.entries(lock))
    console.log(`${file}: ${Object.keys(packages).length} packages of ${release}`);
}

function stacksOf(output: string): string[] {
  const folder = join(output, "stacks");
  return readdirSync(folder).filter((stack) => existsSync(join(folder, stack, "region.json")));
}

function machines(output: string, stack: string): { connection: Connection; packages: string[] }[] {
  const { example, hosts } = readRegion(output, stack);
  requireApplicable(stack, example);
  return hosts.flatMap((connection) => {
    if (!("address" in connection)) return [];
    const { manifest } = readBundle(output, stack, connection.host);
    return [{ connection, packages: manifest.packages.map((spec) => spec.split("=")[0] as string) }];
  });
}

async function ask(connection: Connection, access: Access, packages: readonly string[]): Promise<Found[]> {
  const { host } = connection;
  const ssh = await Ssh.connect(connection, access);
  try {
    const query = `dpkg-query -W -f '\${db:Status-Status} \${Package} \${Version}\\n' ${packages.map(word).join(" ")}`;
    const { stdout } = await ssh.exec(
      `. /etc/os-release; echo "$VERSION_CODENAME"${packages.length > 0 ? `; ${query} 2>/dev/null` : ""}`,
    );
    const [release = "", ...lines] = stdout.split("\n");
    const versions = new Map(
      lines.flatMap((line): [string, string][] => {
        const [status, name, version] = line.split(" ");
        return status === "installed" ? [[name as string, version as string]] : [];
      }),
    );
    return packages.map((name) => ({ host, release, name, version: versions.get(name) }));
  } finally {
    ssh.close();
  }
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
