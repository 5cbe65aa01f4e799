// The relay's releases that releases.lock names, as files of this machine that are what the lock says.
import { existsSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { sha256 } from "../../bundle/hash.ts";
import { makeFolder } from "../../bundle/make-folder.ts";
import type { Artifact } from "../../bundle/manifest.ts";
import {
  isAddress,
  type LockedRelease,
  OWN,
  type ReleasesLock,
  readReleases,
  releasesText,
} from "../../bundle/releases-lock.ts";
import { writeRecord } from "../record-file.ts";
import { download } from "./download.ts";
import { releaseVersion } from "./release-version.ts";

/** This package's own release. */
export type Own = () => Promise<{ readonly path: string; readonly version: string }>;

export class Releases {
  readonly file: string;
  readonly #folder: string;
  readonly #download: typeof download;

  /** @param folder of the platform file */
  constructor(folder: string, fetched: typeof download = download) {
    this.#folder = folder;
    this.file = join(folder, "releases.lock");
    this.#download = fetched;
  }

  lock(): ReleasesLock {
    return existsSync(this.file) ? readReleases(readFileSync(this.file, "utf8"), this.file) : {};
  }

  isHere({ sha256: wanted }: LockedRelease): boolean {
    const cached = this.#cached(wanted);
    return existsSync(cached) && sha256(readFileSync(cached)) === wanted;
  }

  /** Fetched where it is not here yet; throws where it is not what the lock says. */
  async artifact(version: string, release: LockedRelease, own: Own): Promise<Artifact> {
    const file = this.#cached(release.sha256);
    if (!this.isHere(release)) {
      const bytes = await this.#bytes(version, release.source, own);
      const found = sha256(bytes);
      if (found !== release.sha256)
        throw new Error(
          `${this.file}: release ${version} of ${release.source} has the sha256 ${found}, expected ${release.sha256}: it is not what was locked, and is not used`,
        );
      this.#keep(bytes, found);
    }
    return { file, sha256: release.sha256, size: readFileSync(file).length };
  }

  /** @param source `package`, an https address, or a file as it was typed */
  async add(version: string, source: string, own: Own): Promise<LockedRelease> {
    const lock = this.lock();
    const local = source === OWN || isAddress(source) ? source : relative(this.#folder, resolve(source));
    const bytes = await this.#bytes(version, local, own);
    const found = releaseVersion(bytes);
    if (found !== version)
      throw new Error(
        `${source} holds ${found === undefined ? "no release of the relay" : `release ${found}`}, expected ${version}`,
      );
    const release = { sha256: sha256(bytes), source: local };
    const before = lock[version];
    if (before && before.sha256 !== release.sha256)
      throw new Error(
        `${this.file} has release ${version} with the sha256 ${before.sha256}, and ${source} has ${release.sha256}: one version is one build; remove its row where the new one is meant`,
      );
    const text = releasesText({ ...lock, [version]: release });
    readReleases(text, this.file);
    this.#keep(bytes, release.sha256);
    writeRecord(this.file, text);
    return release;
  }

  #cached(hash: string): string {
    return join(this.#folder, ".soundstage", "releases", `${hash}.tgz`);
  }

  #keep(bytes: Uint8Array, hash: string): void {
    makeFolder(join(this.#folder, ".soundstage", "releases"));
    writeRecord(this.#cached(hash), bytes);
  }

  async #bytes(version: string, source: string, own: Own): Promise<Uint8Array> {
    if (isAddress(source)) return this.#download(source);
    if (source !== OWN) return readFile(resolve(this.#folder, source), `${this.file}: release ${version}`);
    const { path, version: found } = await own();
    if (found === version) return readFileSync(path);
    throw new Error(
      `${this.file}: release ${version} comes with the package of that version, and this one has ${found}: \`soundstage release add ${version} <file or https address>\``,
    );
  }
}

function readFile(file: string, what: string): Uint8Array {
  if (existsSync(file)) return readFileSync(file);
  throw new Error(`${what}: there is no file ${file}`);
}
