// The files, archives and secrets of a bundle in a folder of this machine.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { sha256 } from "../../bundle/hash.ts";
import { makeFolder } from "../../bundle/make-folder.ts";
import type { ManagedFile, Manifest, SecretFile } from "../../bundle/manifest.ts";
import type { HostBundle } from "../../bundle/reader.ts";
import type { Report } from "../report/report.ts";
import type { Secrets } from "../secrets/secrets.ts";
import { SeenFiles } from "./seen-files.ts";
import { treeHash } from "./tree.ts";

/** In an archive's folder: the archive's hash, and that of what was unpacked of it. */
const MARKER = ".soundstage-archive";

export class LocalFiles {
  readonly #root: string;
  readonly #seen: SeenFiles;
  readonly #secrets: Secrets;

  /** @param state folder of what is remembered between runs */
  constructor(root: string, state: string, secrets: Secrets) {
    this.#root = root;
    this.#seen = new SeenFiles(join(state, "files.json"));
    this.#secrets = secrets;
  }

  same(manifest: Manifest): boolean {
    return (
      manifest.files.every((file) => this.#isManaged(file)) &&
      manifest.archives.every(({ path, sha256: wanted }) => this.#archive(path) === wanted) &&
      manifest.secrets.every((secret) => this.#isSecret(secret))
    );
  }

  apply({ manifest, objects }: HostBundle, report: Report): void {
    for (const { path, mode } of manifest.directories) {
      makeFolder(join(this.#root, path));
      chmodSync(join(this.#root, path), Number.parseInt(mode, 8));
    }
    for (const file of manifest.files) {
      const { path, mode, sha256: hash } = file;
      if (this.#isManaged(file)) continue;
      this.#put(path, mode, (part) => copyFileSync(objects.get(hash)?.file as string, part));
      report.step(manifest.host, "files", path);
    }
    for (const secret of manifest.secrets) {
      this.#put(secret.path, secret.mode, (part) =>
        writeFileSync(part, this.#secrets.content(secret), { mode: 0o600 }),
      );
    }
    for (const { path, sha256: hash } of manifest.archives) {
      if (this.#archive(path) === hash) continue;
      const target = join(this.#root, path);
      const part = `${target}.part`;
      rmSync(part, { recursive: true, force: true });
      makeFolder(part);
      execFileSync("tar", ["-xzf", objects.get(hash)?.file as string, "-C", part]);
      writeFileSync(join(part, MARKER), `${hash}\n${treeHash(part, MARKER)}\n`);
      rmSync(target, { recursive: true, force: true });
      renameSync(part, target);
      report.step(manifest.host, "files", path);
    }
  }

  /** What left the manifest. */
  remove(before: Manifest, now: Manifest, report: Report): void {
    const paths = ({ files, archives, secrets }: Manifest) =>
      [...files, ...archives, ...secrets].map(({ path }) => path);
    const wanted = new Set(paths(now));
    for (const path of paths(before).filter((candidate) => !wanted.has(candidate))) {
      rmSync(join(this.#root, path), { recursive: true, force: true });
      report.step(now.host, "files", `${path} (gone)`);
    }
  }

  #isManaged({ path, mode, size, sha256: wanted, source }: ManagedFile): boolean {
    const file = join(this.#root, path);
    if (!this.#hasForm(path, mode, size)) return false;
    return (source === "blob" ? this.#seen.hash(file) : sha256(readFileSync(file))) === wanted;
  }

  #hasForm(path: string, mode: string, size: number): boolean {
    const stat = statSync(join(this.#root, path), { throwIfNoEntry: false });
    return stat?.isFile() === true && stat.size === size && (stat.mode & 0o7777) === Number.parseInt(mode, 8);
  }

  #isSecret(secret: SecretFile): boolean {
    const content = this.#secrets.content(secret);
    return (
      this.#hasForm(secret.path, secret.mode, Buffer.byteLength(content)) &&
      this.#read(secret.path) === content
    );
  }

  /** Hash of the archive whose tree lies there as it was unpacked; undefined where something of it differs. */
  #archive(path: string): string | undefined {
    const [hash, tree] = this.#read(join(path, MARKER))?.split("\n") ?? [];
    return tree === undefined || treeHash(join(this.#root, path), MARKER) !== tree ? undefined : hash;
  }

  #read(path: string): string | undefined {
    const file = join(this.#root, path);
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
  }

  /** Beside the target first: the path holds the old file or the new one, never half. */
  #put(path: string, mode: string, write: (part: string) => void): void {
    const target = join(this.#root, path);
    makeFolder(dirname(target));
    write(`${target}.part`);
    chmodSync(`${target}.part`, Number.parseInt(mode, 8));
    renameSync(`${target}.part`, target);
  }
}
