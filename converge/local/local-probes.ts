// The probes of a bundle in a folder of this machine.
import { execFileSync } from "node:child_process";
import type { Manifest } from "../../bundle/manifest.ts";
import { ConvergeFault } from "../fault.ts";
import type { Report } from "../report/report.ts";

export class LocalProbes {
  readonly #root: string;
  readonly #log: string;

  /** @param log what the processes say themselves */
  constructor(root: string, log: string) {
    this.#root = root;
    this.#log = log;
  }

  /** A probe that holds while nothing of ours runs is answered by somebody else, who has our place. */
  requireUnanswered({ probes }: Manifest): void {
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

  /** Whether all of them hold now: what a run started whose probes failed is not taken for well by the next. */
  answered({ probes }: Manifest): boolean {
    return probes.every(({ command }) => {
      try {
        this.#run(command);
        return true;
      } catch {
        return false;
      }
    });
  }

  async hold({ host, probes }: Manifest, report: Report): Promise<void> {
    for (const { id, command, seconds } of probes) {
      const end = Date.now() + seconds * 1000;
      for (;;) {
        try {
          this.#run(command);
          report.step(host, "probe", id);
          break;
        } catch (error) {
          if (Date.now() > end) {
            const { status, stderr } = error as { status?: number; stderr?: Buffer };
            throw new ConvergeFault(
              `probe ${id}: exit code ${status ?? "none"}\n${stderr?.toString().trim() ?? ""}\nThe processes' own words: ${this.#log}`,
            );
          }
          await new Promise((done) => setTimeout(done, 500));
        }
      }
    }
  }

  #run(command: string): void {
    execFileSync("sh", ["-euc", command], {
      cwd: this.#root,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 10_000,
    });
  }
}
