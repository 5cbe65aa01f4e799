// Regions whose hosts are folders of this machine, deployed by the real Terraform.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalBackend, type TerraformStack } from "cdktf";
import { bundleCli } from "../../bin/bundle-cli.ts";
import type { SecretRef } from "../../bundle/manifest.ts";
import { Converge } from "../../constructs/host/converge.ts";
import { Host } from "../../constructs/host/host.ts";
import { HostsCheck } from "../../constructs/observe/hosts-check.ts";
import { synthStacks } from "../constructs/synth.ts";
import { Cli, type Ended } from "../lab/cli.ts";

export const terraform = ["terraform", "tofu"].find((name) => spawnSync(name, ["version"]).status === 0);
export const missing = terraform ? "" : " (neither terraform nor tofu is on PATH)";

export interface Want {
  readonly page: string;
  readonly secret?: SecretRef;
}

export class FolderRegions {
  readonly root = mkdtempSync(join(tmpdir(), "deploy-"));
  readonly cli = join(this.root, "cli", "soundstage.mjs");
  /** What the check of every stack reads. */
  readonly observed = join(this.root, "observed.json");
  readonly env = {
    SOUNDSTAGE_PLATFORM: join(this.root, "platform.yaml"),
    TERRAFORM_BINARY_NAME: terraform ?? "",
  };

  /** Stack → host → what it wants; the states lie beside one another, as those of a platform do. */
  async output(stacks: Readonly<Record<string, Readonly<Record<string, Want>>>>): Promise<string> {
    const builds = Object.entries(stacks).map(([name, wants]) => {
      const build = (scope: TerraformStack) => {
        new LocalBackend(scope, { path: this.stateFile(name) });
        const hosts = Object.entries(wants).map(([id, { page, secret }]) => {
          const host = new Host(scope, id, { transport: { directory: id }, cpus: 1, memory: 512 });
          host.file(scope, "/srv/page", { content: `${page}\n` });
          if (secret) host.secret(scope, "/etc/word", { parts: [secret] });
          return host;
        });
        const converge = new Converge(scope, "converge", { stack: name, hosts });
        new HostsCheck(converge, "observed", { stack: name, file: this.observed });
      };
      return [name, build] as const;
    });
    const folder = synthStacks(Object.fromEntries(builds));
    await bundleCli(join(folder, "bin", "soundstage.mjs"));
    if (!existsSync(this.cli)) await bundleCli(this.cli);
    return folder;
  }

  start(output: string, ...args: string[]): Cli {
    return new Cli(
      [process.execPath, this.cli, "deploy", "--skip-synth", "--output", output, ...args],
      this.env,
    );
  }

  deploy(output: string, ...args: string[]): Promise<Ended> {
    return this.start(output, ...args).ended;
  }

  page(host: string): string {
    const file = join(this.root, host, "srv/page");
    return existsSync(file) ? readFileSync(file, "utf8").trim() : "none";
  }

  stateFile(stack: string): string {
    return join(this.root, `terraform.${stack}.tfstate`);
  }

  state(stack: string): string {
    const file = this.stateFile(stack);
    return existsSync(file) ? readFileSync(file, "utf8") : "none";
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
