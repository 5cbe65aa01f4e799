// Secrets are resolved at the last moment, on the operator's side, and go to a host over the channel's stdin alone.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { OperatorRef, SecretFile, SecretRef } from "../bundle/manifest.ts";
import { ConvergeFault } from "./fault.ts";

export class Secrets {
  readonly #folder: string;
  readonly #cache = new Map<string, string>();

  /** @param folder the platform file's folder, which file references are relative to */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** All that can not be resolved, named at once and before any host is touched. */
  require(files: readonly Pick<SecretFile, "parts">[]): void {
    const faults = new Set<string>();
    for (const { parts } of files) {
      for (const part of parts) {
        if (typeof part === "string") continue;
        try {
          this.#value(part);
        } catch (error) {
          faults.add((error as Error).message);
        }
      }
    }
    if (faults.size > 0)
      throw new ConvergeFault(
        `secrets are missing:\n${[...faults].map((fault) => `  - ${fault}`).join("\n")}`,
      );
  }

  /** The whole content of a secret file. */
  content({ parts }: SecretFile): string {
    return parts.map((part) => (typeof part === "string" ? part : this.#value(part))).join("");
  }

  /** A secret that is in no file of a host, such as a passphrase. */
  value(ref: SecretRef): string {
    return this.#value(ref);
  }

  /** Text of an operator's own file or variable, such as the CA's key. */
  operator(ref: OperatorRef): string {
    return this.#value({ ...ref, version: 0 });
  }

  #value(ref: SecretRef): string {
    const key = JSON.stringify(ref);
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const value = this.#resolve(ref);
    this.#cache.set(key, value);
    return value;
  }

  #resolve(ref: SecretRef): string {
    if ("env" in ref) {
      const value = process.env[ref.env];
      if (!value) throw new ConvergeFault(`environment variable ${ref.env} is not set`);
      return value;
    }
    if ("file" in ref) {
      const path = resolve(this.#folder, ref.file);
      try {
        return readFileSync(path, "utf8").replace(/\n$/, "");
      } catch (error) {
        throw new ConvergeFault(`file ${path} can not be read (${(error as NodeJS.ErrnoException).code})`);
      }
    }
    const [program, ...args] = ref.command;
    try {
      return execFileSync(program as string, args, {
        cwd: this.#folder,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      }).replace(/\n$/, "");
    } catch (error) {
      throw new ConvergeFault(
        `command ${program} failed with exit code ${(error as { status?: number }).status ?? "unknown"}`,
      );
    }
  }
}

/** What the host answers for a secret that it holds. */
export function saltedDigest(salt: string, content: string): string {
  return createHash("sha256").update(salt).update(content).digest("hex");
}
