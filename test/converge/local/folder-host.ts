// A host that is a folder, with one program in it that answers over HTTP.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleCli } from "../../../bin/bundle-cli.ts";
import type { Artifact } from "../../../bundle/manifest.ts";
import { Converge } from "../../../constructs/host/converge.ts";
import { Host } from "../../../constructs/host/host.ts";
import { freePort } from "../../../relay/test/port.ts";
import { artifactOf } from "../../artifact.ts";
import { synthOutput } from "../../constructs/synth.ts";

/** A program of one file that answers with what it is given. */
const PROGRAM = `require("node:http").createServer((_, r) => r.end(process.env.WORD + require("node:fs").readFileSync("etc/word", "utf8"))).listen(Number(process.env.PORT), "127.0.0.1")`;

/** What a program does that ends with its supervisor. */
const LIFELINE = `if (process.env.LIFELINE === "stdin") process.stdin.resume().once("close", () => process.exit());\n`;

export interface FolderHostOptions {
  /** Its program ends with its supervisor, however that ends. @default false */
  readonly lifeline?: boolean;
}

export class FolderHost {
  readonly folder: string;
  readonly port: number;
  readonly #program: string;
  output = "";

  private constructor(folder: string, port: number, { lifeline }: FolderHostOptions) {
    this.folder = folder;
    this.port = port;
    this.#program = `${lifeline ? LIFELINE : ""}${PROGRAM}`;
  }

  static async create(options: FolderHostOptions = {}): Promise<FolderHost> {
    const folder = mkdtempSync(join(tmpdir(), "local-"));
    mkdirSync(join(folder, "root"));
    return new FolderHost(folder, await freePort(), options);
  }

  path(...names: string[]): string {
    return join(this.folder, "root", ...names);
  }

  async synth(word: string, extra = false): Promise<void> {
    const { port } = this;
    this.output = synthOutput((stack) => {
      const host = new Host(stack, "here", { transport: { directory: "root" }, cpus: 1, memory: 512 });
      host.file(stack, "/opt/program.js", {
        content: this.#artifact("program.js", this.#program),
        mode: "0755",
      });
      // What runs belongs to the host: here a wrapper around this test's own runtime.
      host.file(stack, "/opt/run", { content: `#!/bin/sh\nexec ${process.execPath} "$@"\n`, mode: "0755" });
      host.archive(stack, "/opt/tree", this.#archive());
      if (extra) host.file(stack, "/etc/extra", { content: "extra\n" });
      host.secret(stack, "/etc/word", { parts: [{ env: "LOCAL_WORD", version: 1 }] });
      host.service(stack, {
        name: "program",
        description: "test",
        command: ["/opt/run", "/opt/program.js"],
        environment: { WORD: word, PORT: String(port) },
        restart: ["/opt/program.js"],
        port: String(port),
      });
      host.probe(stack, "answers", {
        command: `${process.execPath} -e 'fetch("http://127.0.0.1:${port}").then(() => process.exit(0), () => process.exit(1))'`,
        seconds: 10,
      });
      new Converge(stack, "converge", { stack: "local", hosts: [host] });
    }, "local");
    await bundleCli(join(this.output, "bin", "soundstage.mjs"));
  }

  cli(...args: string[]) {
    return spawnSync(process.execPath, this.#command(args), { encoding: "utf8", env: this.#env() });
  }

  /** Beside what else goes on. */
  start(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    return this.begin(...args).ended;
  }

  /** The same, with what it has said so far. */
  begin(...args: string[]) {
    const child = spawn(process.execPath, this.#command(args), { env: this.#env() });
    const said = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk) => {
      said.stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      said.stderr += chunk;
    });
    const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
      child.once("close", (code) => resolve({ code, ...said })),
    );
    return { said, ended };
  }

  answer(): Promise<string> {
    return fetch(`http://127.0.0.1:${this.port}`).then(
      (response) => response.text(),
      () => "nothing",
    );
  }

  #command(args: readonly string[]): string[] {
    return [join(this.output, "bin", "soundstage.mjs"), ...args];
  }

  #env() {
    return {
      ...process.env,
      SOUNDSTAGE_PLATFORM: join(this.folder, "platform.yaml"),
      LOCAL_WORD: " of honour",
    };
  }

  #archive(): Artifact {
    const tree = join(this.folder, "tree");
    mkdirSync(join(tree, "inner"), { recursive: true });
    writeFileSync(join(tree, "inner", "leaf"), "leaf\n");
    const file = join(this.folder, "tree.tgz");
    execFileSync("tar", ["-czf", file, "--mtime=@0", "-C", tree, "."]);
    return artifactOf(file);
  }

  #artifact(name: string, content: string): Artifact {
    const file = join(this.folder, name);
    writeFileSync(file, content);
    return artifactOf(file);
  }
}
