// One run at a time in a folder. The lock is flock(2)'s, which ends with who holds it, however that ends.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { ConvergeFault } from "../fault.ts";
import { owner } from "../owner.ts";

/** flock(1)'s exit code where another holds the lock. */
const HELD = 75;

export class FolderLock {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  /**
   * Waits for who holds it now, and says so once.
   * @param waiting is told who that is
   */
  static async take(file: string, waiting: (owner: string) => void, seconds = 60): Promise<FolderLock> {
    let holder = await hold(file, ["--nonblock"]);
    if (!holder) {
      waiting(`${ownerOf(file)} works here: waiting up to ${seconds} s`);
      holder = await hold(file, ["--wait", String(seconds)]);
    }
    if (!holder)
      throw new ConvergeFault(
        `${file} is held by ${ownerOf(file)} for more than ${seconds} s; let it end, or end it, and try again`,
      );
    writeFileSync(file, `${owner()}\n`);
    return new FolderLock(holder);
  }

  async release(): Promise<void> {
    if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) return;
    const ended = once(this.#holder, "exit");
    this.#holder.stdin?.end();
    await ended;
  }
}

/** A child holds it until its stdin ends, which it does with this process. */
async function hold(file: string, how: readonly string[]): Promise<ChildProcess | undefined> {
  const child = spawn(
    "flock",
    [...how, "--conflict-exit-code", String(HELD), file, "sh", "-c", "echo held && exec cat"],
    // A group of its own: a terminal's SIGINT must not end the lock before the run.
    { stdio: ["pipe", "pipe", "inherit"], detached: true },
  );
  const code = await new Promise<number | null | undefined>((resolve, reject) => {
    child.stdout.once("data", () => resolve(undefined));
    child.once("exit", resolve);
    child.once("error", (error) =>
      reject(new ConvergeFault(`flock can not be started (${error.message}); install util-linux`)),
    );
  });
  if (code === undefined) return child;
  if (code !== HELD) throw new ConvergeFault(`${file} can not be locked: flock ended with exit code ${code}`);
  return undefined;
}

function ownerOf(file: string): string {
  return readFileSync(file, "utf8").trim() || "another run";
}
