// A host that is brought to its bundle without SSH: the bundle as one file, and the user data that fetches it.
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileHash } from "../bundle/hash.ts";
import type { Connection } from "../bundle/manifest.ts";
import { type HostBundle, readBundle, readRegion } from "../bundle/reader.ts";
import { userData } from "../templates/cloud-init/user-data.ts";
import { ConvergeFault } from "./fault.ts";
import { requireApplicable } from "./output/applicable.ts";
import { platformFolder } from "./output/platform-folder.ts";
import { printed } from "./secrets/program.ts";
import { Secrets } from "./secrets/secrets.ts";

export interface CloudInitOptions {
  /** Folder that cdktf synthesized into. */
  readonly output: string;
  readonly stack: string;
  readonly host: string;
  /** Where the host will find the file. */
  readonly url: string;
  /** The file. */
  readonly out: string;
}

/** Bytes; what clouds take (Amazon's limit, before base64). */
const MAX_USER_DATA = 16_384;
const MINUTE = 60_000;

/** Writes the file. @returns the user data */
export async function cloudInit({ output, stack, host, out, ...options }: CloudInitOptions): Promise<string> {
  const url = fetchable(options.url);
  const region = readRegion(output, stack);
  requireApplicable(stack, region.example);
  const connection = region.hosts.find((row) => row.host === host);
  if (!connection || !("address" in connection))
    throw new ConvergeFault(
      `${stack} has no machine ${host}; it has ${region.hosts.map((row) => row.host).join(", ")}`,
    );
  const bundle = readBundle(output, stack, host);
  const folder = mkdtempSync(join(tmpdir(), "soundstage-cloud-init-"));
  try {
    furnish(folder, join(output, "stacks", stack, "hosts", host), bundle);
    if (bundle.manifest.secrets.length > 0) {
      const sealed = await seal(bundle, connection, new Secrets(platformFolder(output, stack)));
      writeFileSync(join(folder, "secrets.age"), sealed);
    }
    const part = `${resolve(out)}.part`;
    await printed("tar", ["-czhf", part, "-C", folder, "."], { timeout: 10 * MINUTE });
    renameSync(part, out);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const text = userData({ host, url, sha256: await fileHash(out) });
  if (Buffer.byteLength(text) > MAX_USER_DATA)
    throw new ConvergeFault(
      `the user data of ${host} would have more than ${MAX_USER_DATA} bytes: shorten the URL`,
    );
  return text;
}

/** Anybody on the host may ask its cloud for the user data. */
function fetchable(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== "https:")
    throw new ConvergeFault(
      `--url ${url}: expected an https address, such as https://files.example.org/host.tar.gz`,
    );
  if (parsed.username || parsed.password)
    throw new ConvergeFault("--url holds a user or a password: user data is no place for a secret");
  return parsed.href;
}

/** Links, which tar follows: what is large is copied once. */
function furnish(folder: string, root: string, { objects }: HostBundle): void {
  for (const name of readdirSync(root)) symlinkSync(resolve(root, name), join(folder, name));
  mkdirSync(join(folder, "blobs"));
  for (const [hash, { file }] of objects) {
    // Texts lie in the bundle's own folder already.
    if (file?.endsWith(join("blobs", hash))) symlinkSync(resolve(file), join(folder, "blobs", hash));
  }
}

/** The secrets, readable to who has the private half of the host's key. */
async function seal(bundle: HostBundle, { host, hostKey }: Connection, secrets: Secrets): Promise<string> {
  if (!hostKey?.startsWith("ssh-ed25519 "))
    throw new ConvergeFault(
      `the secrets of ${host} can be encrypted to a whole key alone, and its ssh.hostKey is ${hostKey?.split(" ", 1)[0] ?? "absent"}: write the line "ssh-ed25519 AAAA…" of its /etc/ssh/ssh_host_ed25519_key.pub`,
    );
  await secrets.require(bundle.manifest.secrets);
  const input = secrets.lines(bundle.manifest.secrets);
  const age = ["--encrypt", "--armor", "--recipient", hostKey];
  return printed("age", age, { input, timeout: MINUTE });
}
