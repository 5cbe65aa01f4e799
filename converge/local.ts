// A bundle applied to a folder of this machine, without root: files and processes only.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { manifestText } from "../bundle/bundle.ts";
import { sha256 } from "../bundle/hash.ts";
import type { Manifest } from "../bundle/manifest.ts";
import type { HostBundle } from "../bundle/reader.ts";
import { ConvergeFault } from "./fault.ts";
import type { Report } from "./report.ts";
import type { Secrets } from "./secrets.ts";
import type { Outcome } from "./summary.ts";
import { startSupervisor, stopSupervisor, supervised } from "./supervisor.ts";

const MARKER = ".soundstage-archive";

export class LocalHost {
  readonly #root: string;
  readonly #state: string;

  constructor(root: string) {
    this.#root = root;
    this.#state = join(root, ".soundstage");
  }

  /** @returns what became of it */
  async converge(bundle: HostBundle, secrets: Secrets, report: Report): Promise<Outcome> {
    const { manifest } = bundle;
    try {
      await secrets.require(manifest.secrets);
      if (this.#same(bundle, secrets)) {
        report.step(manifest.host, "same", "");
        return "same";
      }
      const before = this.#held();
      this.#apply(bundle, secrets, report);
      if (before) this.#remove(before, manifest, report);
      await stopSupervisor(this.#state);
      this.#nobodyElse(manifest);
      writeFileSync(join(this.#state, "manifest.json"), manifestText(manifest));
      if (manifest.processes.length > 0) {
        startSupervisor(this.#root, this.#state);
        for (const { name } of manifest.processes) report.step(manifest.host, "processes", `${name} started`);
      }
      await this.#probe(manifest, report);
      return "changed";
    } catch (error) {
      report.failed(manifest.host, (error as Error).message);
      return "failed";
    }
  }

  async down(): Promise<boolean> {
    return stopSupervisor(this.#state);
  }

  #held(): Manifest | undefined {
    const file = join(this.#state, "manifest.json");
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Manifest) : undefined;
  }

  #same({ manifest, hash }: HostBundle, secrets: Secrets): boolean {
    const held = this.#held();
    return (
      held !== undefined &&
      sha256(manifestText(held)) === hash &&
      (manifest.processes.length === 0 || supervised(this.#state)) &&
      manifest.files.every((file) =>
        this.#isFile(file.path, file.mode, file.size, file.source === "text" ? file.sha256 : undefined),
      ) &&
      manifest.archives.every(({ path, sha256: wanted }) => this.#archive(path) === wanted) &&
      manifest.secrets.every((secret) => this.#read(secret.path) === secrets.content(secret))
    );
  }

  #isFile(path: string, mode: string, size: number, hash: string | undefined): boolean {
    const stat = statSync(join(this.#root, path), { throwIfNoEntry: false });
    if (!stat || stat.size !== size || (stat.mode & 0o7777) !== Number.parseInt(mode, 8)) return false;
    return hash === undefined || sha256(readFileSync(join(this.#root, path))) === hash;
  }

  #archive(path: string): string | undefined {
    return this.#read(join(path, MARKER))?.trim();
  }

  #read(path: string): string | undefined {
    const file = join(this.#root, path);
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
  }

  #apply({ manifest, objects }: HostBundle, secrets: Secrets, report: Report): void {
    mkdirSync(this.#state, { recursive: true });
    for (const { path, mode } of manifest.directories) {
      mkdirSync(join(this.#root, path), { recursive: true });
      chmodSync(join(this.#root, path), Number.parseInt(mode, 8));
    }
    for (const { path, mode, size, sha256: hash, source } of manifest.files) {
      if (this.#isFile(path, mode, size, source === "text" ? hash : undefined)) continue;
      this.#put(path, mode, (part) => copyFileSync(objects.get(hash)?.file as string, part));
      report.step(manifest.host, "files", path);
    }
    for (const secret of manifest.secrets) {
      this.#put(secret.path, secret.mode, (part) =>
        writeFileSync(part, secrets.content(secret), { mode: 0o600 }),
      );
    }
    for (const { path, sha256: hash } of manifest.archives) {
      if (this.#archive(path) === hash) continue;
      const target = join(this.#root, path);
      const part = `${target}.part`;
      rmSync(part, { recursive: true, force: true });
      mkdirSync(part, { recursive: true });
      execFileSync("tar", ["-xzf", objects.get(hash)?.file as string, "-C", part]);
      writeFileSync(join(part, MARKER), `${hash}\n`);
      rmSync(target, { recursive: true, force: true });
      renameSync(part, target);
      report.step(manifest.host, "files", path);
    }
  }

  /** Beside the target first: the path holds the old file or the new one, never half. */
  #put(path: string, mode: string, write: (part: string) => void): void {
    const target = join(this.#root, path);
    mkdirSync(dirname(target), { recursive: true });
    write(`${target}.part`);
    chmodSync(`${target}.part`, Number.parseInt(mode, 8));
    renameSync(`${target}.part`, target);
  }

  #remove(before: Manifest, now: Manifest, report: Report): void {
    const paths = ({ files, archives, secrets }: Manifest) =>
      [...files, ...archives, ...secrets].map(({ path }) => path);
    const wanted = new Set(paths(now));
    for (const path of paths(before).filter((candidate) => !wanted.has(candidate))) {
      rmSync(join(this.#root, path), { recursive: true, force: true });
      report.step(now.host, "files", `${path} (gone)`);
    }
  }

  /** A probe that holds while nothing of ours runs is answered by somebody else, who has our port. */
  #nobodyElse({ probes }: Manifest): void {
    for (const { id, command } of probes) {
      try {
        this.#run(command);
      } catch {
        continue;
      }
      throw new ConvergeFault(
        `probe ${id} holds before anything was started: another process answers in its place; stop it, or choose another port`,
      );
    }
  }

  #run(command: string): void {
    execFileSync("sh", ["-euc", command], {
      cwd: this.#root,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 10_000,
    });
  }

  async #probe(manifest: Manifest, report: Report): Promise<void> {
    for (const { id, command, seconds } of manifest.probes) {
      const end = Date.now() + seconds * 1000;
      for (;;) {
        try {
          this.#run(command);
          report.step(manifest.host, "probe", id);
          break;
        } catch (error) {
          if (Date.now() > end) {
            const { status, stderr } = error as { status?: number; stderr?: Buffer };
            const log = join(this.#state, "supervisor.log");
            throw new ConvergeFault(
              `probe ${id}: exit code ${status ?? "none"}\n${stderr?.toString().trim() ?? ""}\nThe processes' own words: ${log}`,
            );
          }
          await new Promise((done) => setTimeout(done, 500));
        }
      }
    }
  }
}
