// A bundle applied to a folder of this machine, without root: files and processes only.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { manifestText } from "../../bundle/bundle.ts";
import { sha256 } from "../../bundle/hash.ts";
import { makeFolder } from "../../bundle/make-folder.ts";
import type { Manifest } from "../../bundle/manifest.ts";
import type { HostBundle } from "../../bundle/reader.ts";
import { ConvergeFault } from "../fault.ts";
import { readRecord, writeRecord } from "../record-file.ts";
import type { Report } from "../report/report.ts";
import type { Outcome } from "../report/summary.ts";
import type { Secrets } from "../secrets/secrets.ts";
import { FolderLock } from "./folder-lock.ts";
import { LocalFiles } from "./local-files.ts";
import { LocalProbes } from "./local-probes.ts";
import { portUser } from "./port.ts";
import { startSupervisor, stopSupervisor, supervised } from "./supervisor.ts";

/** Milliseconds in which the processes of a folder that was removed leave their ports. */
const LEAVING = 5000;

export class LocalHost {
  readonly #root: string;
  readonly #state: string;
  readonly #manifest: string;

  constructor(root: string) {
    this.#root = root;
    this.#state = join(root, ".soundstage");
    this.#manifest = join(this.#state, "manifest.json");
  }

  /** @returns what became of it */
  async converge(bundle: HostBundle, secrets: Secrets, report: Report): Promise<Outcome> {
    const { host, secrets: files } = bundle.manifest;
    try {
      await secrets.require(files);
      makeFolder(this.#state);
      return await this.#alone(
        (holder) => report.step(host, "lock", holder),
        () => this.#converge(bundle, secrets, report),
      );
    } catch (error) {
      report.failed(host, (error as Error).message);
      return "failed";
    }
  }

  /** @returns whether there was anything to stop */
  async down(): Promise<boolean> {
    if (!existsSync(this.#state)) return false;
    return this.#alone(
      (holder) => console.error(holder),
      () => stopSupervisor(this.#state),
    );
  }

  async #converge(bundle: HostBundle, secrets: Secrets, report: Report): Promise<Outcome> {
    const { manifest, hash } = bundle;
    const files = new LocalFiles(this.#root, this.#state, secrets);
    const probes = new LocalProbes(this.#root, join(this.#state, "supervisor.log"));
    const held = this.#held(manifest.host, report);
    if (
      held !== undefined &&
      sha256(manifestText(held)) === hash &&
      (manifest.processes.length === 0 || supervised(this.#state)) &&
      files.same(manifest) &&
      probes.answered(manifest)
    ) {
      report.step(manifest.host, "same", "");
      return "same";
    }
    files.apply(bundle, report);
    if (held) files.remove(held, manifest, report);
    await stopSupervisor(this.#state);
    await requireFree(manifest);
    probes.requireUnanswered(manifest);
    writeRecord(this.#manifest, manifestText(manifest));
    if (manifest.processes.length > 0) {
      startSupervisor(this.#root, this.#state);
      for (const { name } of manifest.processes) report.step(manifest.host, "processes", `${name} started`);
    }
    await probes.hold(manifest, report);
    return "changed";
  }

  async #alone<T>(waiting: (holder: string) => void, run: () => Promise<T>): Promise<T> {
    const lock = await FolderLock.take(join(this.#state, "lock"), waiting);
    try {
      return await run();
    } finally {
      await lock.release();
    }
  }

  /** What was applied last. A record that can not be read is none: all is applied anew, and nothing taken away. */
  #held(host: string, report: Report): Manifest | undefined {
    const text = readRecord(this.#manifest);
    if (text === undefined) return undefined;
    try {
      const record: unknown = JSON.parse(text);
      if (isRecord(record)) return record;
    } catch {
      // Said below, as of any other text that is none.
    }
    report.step(host, "record", `${this.#manifest} is no whole record: taken as if nothing had been applied`);
    return undefined;
  }
}

/** What is taken away is named by it: nothing outside the folder may be. */
function isRecord(value: unknown): value is Manifest {
  const { files, secrets, archives, processes } = (value ?? {}) as Partial<Manifest>;
  return (
    Array.isArray(processes) &&
    [files, secrets, archives].every(
      (list) =>
        Array.isArray(list) &&
        list.every(({ path }) => typeof path === "string" && /^(\/(?!\.\.?(\/|$))[^/]+)+$/.test(path)),
    )
  );
}

/** Said before anything is started: what a process says that finds its port taken is in its own log alone. */
async function requireFree({ processes }: Manifest): Promise<void> {
  for (const { name, port } of processes) {
    const user = port === undefined ? undefined : await portUser(port, LEAVING);
    if (user)
      throw new ConvergeFault(
        `port ${port} of ${name} is in use by ${user}; stop it, or choose another port in the platform file`,
      );
  }
}
