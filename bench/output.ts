// The platform that is measured, synthesized as any other: an output that the CLI in it applies.
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { bundleCli } from "../bin/bundle-cli.ts";
import { Converge } from "../constructs/host/converge.ts";
import type { Host } from "../constructs/host/host.ts";
import { labHost } from "../test/lab/lab-host.ts";
import type { Target } from "./openssh.ts";

export interface BenchHost extends Target {
  readonly name: string;
  /** Adds what the host shall be. */
  readonly build: (host: Host) => void;
}

export interface BenchOutput {
  readonly folder: string;
  readonly cli: string;
}

/** Path → text of the files that every contender looks after; `edition` is in the first of them. */
export function files(folder: string, edition = "first"): Map<string, string> {
  return new Map(
    Array.from({ length: 40 }, (_, index) => {
      const lines = Array.from(
        { length: 40 },
        (_, line) => `setting-${index}-${line} = value of that line\n`,
      );
      if (index === 0) lines.push(`edition = ${edition}\n`);
      return [`${folder}/${String(index).padStart(2, "0")}.conf`, lines.join("")];
    }),
  );
}

export function withFiles(host: Host, texts: ReadonlyMap<string, string>): void {
  for (const [path, content] of texts) host.file(host, path, { content });
}

export async function writeOutput(
  folder: string,
  identity: string,
  stacks: Readonly<Record<string, readonly BenchHost[]>>,
): Promise<BenchOutput> {
  const app = new App({ outdir: folder });
  for (const [id, hosts] of Object.entries(stacks)) {
    const stack = new TerraformStack(app, id);
    const constructs = hosts.map(({ name, address, port, hostKey, build }) => {
      const host = labHost(stack, name, { address, ports: [port], hostKey, identity });
      build(host);
      return host;
    });
    new Converge(stack, "converge", { stack: id, hosts: constructs });
  }
  app.synth();
  const cli = join(folder, "bin", "soundstage.mjs");
  await bundleCli(cli);
  return { folder, cli };
}
