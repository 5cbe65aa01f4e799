// Secrets are resolved at the last moment, on the operator's side, and go to a host over the channel's stdin alone.
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { OperatorRef, SecretFile, SecretRef } from "../../bundle/manifest.ts";
import { ConvergeFault } from "../fault.ts";
import { operatorPath } from "./operator-path.ts";
import { printed } from "./program.ts";
import { SopsFiles } from "./sops.ts";

export interface SecretsOptions {
  /** Milliseconds that a program may take to print a secret, its prompts included. @default 60000 */
  readonly timeout?: number;
}

type Ref = SecretRef | OperatorRef;
/** Parts of a file of a host, or of none where they are the operator's own, such as passphrases. */
type Required = Pick<SecretFile, "parts"> & Partial<Pick<SecretFile, "path">>;

/** Programs at a time. */
const PARALLEL = 8;
/** What is shorter may stand anywhere by chance. */
const MASKED_FROM = 4;
/** Bytes of a file with a secret: what is named may have no end. */
const LONGEST = 1 << 20;
const MASK = "********";

export class Secrets {
  readonly #folder: string;
  readonly #timeout: number;
  readonly #sops: SopsFiles;
  /** Where from → the value, once it is known; asked for once, whoever waits for it. */
  readonly #asked = new Map<string, Promise<string>>();
  readonly #known = new Map<string, string>();

  /** @param folder the platform file's folder, which file references are relative to */
  constructor(folder: string, options: SecretsOptions = {}) {
    this.#folder = folder;
    this.#timeout = options.timeout ?? 60_000;
    this.#sops = new SopsFiles(folder, this.#timeout);
  }

  /** Resolves all of them side by side; what can not be is named at once, before any host is touched. */
  async require(files: readonly Required[]): Promise<void> {
    const wanted = new Map<string, { ref: Ref; path: string | undefined }>();
    for (const { parts, path } of files) {
      for (const part of parts) {
        if (typeof part === "string") continue;
        const known = wanted.get(sourceOf(part))?.path;
        wanted.set(sourceOf(part), { ref: part, path: "version" in part ? (path ?? known) : known });
      }
    }
    const queue = [...wanted.values()];
    const faults: string[] = [];
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const { ref, path } = next;
        const value = await this.#ask(ref).catch((error: Error) => void faults.push(error.message));
        const fault = path !== undefined && value !== undefined && fileFault(value);
        if (fault)
          faults.push(`${describe(ref)} holds ${fault}: a secret of ${path} is one line without " and \\`);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
    if (faults.length === 0) return;
    const lines = [...new Set(faults)].sort().map((fault) => `  - ${this.masked(fault)}`);
    throw new ConvergeFault(`secrets are missing or unfit:\n${lines.join("\n")}`);
  }

  /** The whole content of a secret file that was required. */
  content({ parts }: SecretFile): string {
    return parts.map((part) => (typeof part === "string" ? part : this.value(part))).join("");
  }

  /** The files as the host's script reads them, a line each. */
  lines(files: readonly SecretFile[]): string {
    return files
      .map((file) => `${file.path}\t${Buffer.from(this.content(file)).toString("base64")}\n`)
      .join("");
  }

  /** Text of an operator's own file or variable, such as the CA's key. */
  operator(ref: OperatorRef): string {
    const key = sourceOf(ref);
    const value = this.#known.get(key) ?? this.#read(ref);
    this.#known.set(key, value);
    return value;
  }

  /** A text without the values known so far: what a tool says of a file may quote its line. */
  masked(text: string): string {
    const values = [...this.#known.values()].flatMap((value) => [value, ...value.split("\n")]);
    return values
      .map((value) => value.trim())
      .filter((value) => value.length >= MASKED_FROM)
      .sort((a, b) => b.length - a.length)
      .reduce((rest, value) => rest.replaceAll(value, MASK), text);
  }

  /** A required secret, also one that is in no file of a host, such as a passphrase. */
  value(ref: Ref): string {
    const value = this.#known.get(sourceOf(ref));
    if (value === undefined)
      throw new Error(`${describe(ref)} was not required before its value is asked for`);
    return value;
  }

  #ask(ref: Ref): Promise<string> {
    const key = sourceOf(ref);
    let asked = this.#asked.get(key);
    if (!asked) {
      asked = this.#resolve(ref).then((value) => {
        if (value === "") throw new ConvergeFault(`${describe(ref)} is empty`);
        this.#known.set(key, value);
        return value;
      });
      this.#asked.set(key, asked);
    }
    return asked;
  }

  async #resolve(ref: Ref): Promise<string> {
    if ("sops" in ref) return this.#sops.value(ref.sops, ref.key);
    if (!("command" in ref)) return this.#read(ref);
    const [program, ...args] = ref.command;
    const options = { cwd: this.#folder, timeout: this.#timeout };
    try {
      return (await printed(program as string, args, options)).replace(/\n$/, "");
    } catch (error) {
      throw new ConvergeFault(`command ${(error as Error).message}`);
    }
  }

  #read(ref: OperatorRef): string {
    if ("env" in ref) {
      const value = process.env[ref.env];
      if (!value) throw new ConvergeFault(`environment variable ${ref.env} is not set`);
      return value;
    }
    const path = operatorPath(this.#folder, ref.file);
    try {
      const found = statSync(path);
      if (!found.isFile()) throw new ConvergeFault(`${path} is no regular file`);
      if (found.size > LONGEST)
        throw new ConvergeFault(
          `file ${path} is too large: expected at most ${LONGEST} bytes, found ${found.size}`,
        );
      return readFileSync(path, "utf8").replace(/\n$/, "");
    } catch (error) {
      if (error instanceof ConvergeFault) throw error;
      const { code } = error as NodeJS.ErrnoException;
      // A reference without a version is to the authority, which somebody who begins has yet to make.
      const made = code === "ENOENT" && !("version" in ref);
      const hint = `: bring the authority's files there, or make the first ones: soundstage ca init ${dirname(path)}`;
      throw new ConvergeFault(`file ${path} can not be read (${code})${made ? hint : ""}`);
    }
  }
}

/** Names the place of a value, whatever its version. */
function sourceOf(ref: Ref): string {
  if ("env" in ref) return `env\0${ref.env}`;
  if ("file" in ref) return `file\0${ref.file}`;
  if ("sops" in ref) return `sops\0${ref.sops}\0${ref.key}`;
  return ["command", ...ref.command].join("\0");
}

function describe(ref: Ref): string {
  if ("env" in ref) return `environment variable ${ref.env}`;
  if ("file" in ref) return `file ${ref.file}`;
  if ("sops" in ref) return `"${ref.key}" of file ${ref.sops}`;
  return `what command ${ref.command[0]} prints`;
}

/** The hosts' files quote secrets, each in its own way: what would end a quotation or a line is in none. */
function fileFault(value: string): string | undefined {
  const named = {
    '"': "a double quote",
    "\\": "a backslash",
    "\n": "a line break",
    "\r": "a carriage return",
  };
  const found = Object.entries({ ...named, "\0": "a NUL byte" }).find(([character]) =>
    value.includes(character),
  );
  return found?.[1];
}

/** What the host answers for a secret that it holds. */
export function saltedDigest(salt: string, content: string): string {
  return createHash("sha256").update(salt).update(content).digest("hex");
}
