// Hosts of the lab with a page each, and the CLI that brings them to it.
import { cpSync, existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { LocalBackend } from "cdktf";
import { bundleCli } from "../../bin/bundle-cli.ts";
import type { ChangeOrder } from "../../bundle/manifest.ts";
import { observedFile } from "../../bundle/observed.ts";
import { Converge } from "../../constructs/host/converge.ts";
import { SshServer } from "../../constructs/host/ssh-server.ts";
import { HostsCheck } from "../../constructs/observe/hosts-check.ts";
import { artifactOf } from "../artifact.ts";
import { synthOutput } from "../constructs/synth.ts";
import { Cli, type Ended } from "./cli.ts";
import { Lab } from "./lab.ts";
import { labHost } from "./lab-host.ts";
import { deployTool } from "./requirements.ts";
import { eventually } from "./run.ts";

export interface Want {
  readonly page: string;
  /** Seconds that its unit takes to start. */
  readonly slow?: number;
  /** Seconds that the check of its page takes. */
  readonly check?: number;
  readonly probe?: string;
  /** Seconds that it may take to hold. @default 1 */
  readonly probeSeconds?: number;
  readonly order?: readonly ChangeOrder[];
  /** Ports of its sshd. @default 22 */
  readonly ports?: readonly number[];
  /** Further configuration of its sshd. */
  readonly sshd?: string;
  /** A file on the disk that is mounted at /srv/full. */
  readonly big?: string;
  /** Path of a large file for /srv/blob. */
  readonly blob?: string;
  /** A cluster action of this name, which leaves it in /srv/cluster; it can not be asked where /srv/broken is. */
  readonly action?: string;
  /** Version of the secret in /etc/token, which restarts its unit. */
  readonly token?: number;
  /** What stands in /etc/token where that is no secret. */
  readonly plainToken?: string;
}

export type Wants = Readonly<Record<string, Want>>;

export class Fleet {
  readonly lab: Lab;
  /** Path of the CLI, as it lies in an output. */
  readonly cli: string;

  private constructor(lab: Lab, cli: string) {
    this.lab = lab;
    this.cli = cli;
  }

  static async start(...names: readonly string[]): Promise<Fleet> {
    const lab = await Lab.start({ hosts: names.map((name) => ({ name })) });
    const cli = join(lab.folder, "cli", "soundstage.mjs");
    await bundleCli(cli);
    return new Fleet(lab, cli);
  }

  get env(): Record<string, string> {
    return { SOUNDSTAGE_PLATFORM: join(this.lab.folder, "platform.yaml") };
  }

  /**
   * A stack of the hosts that are wanted; the unit of each starts anew where its page is another.
   * @param state file of its Terraform's state; without it every output has one of its own
   */
  output(wants: Wants, stack = "fleet", state?: string): string {
    return synthOutput((scope) => {
      const platform = join(this.lab.folder, "platform.yaml");
      if (state) new LocalBackend(scope, { path: state });
      const hosts = Object.entries(wants).map(([name, want]) => {
        const { address, hostKey } = this.lab.host(name);
        const host = labHost(scope, name, { address, hostKey, ports: want.ports ?? [22] });
        host.file(scope, "/srv/page", { content: `${want.page}\n` });
        host.file(scope, "/etc/systemd/system/page.service", {
          content: `# of ${want.page}\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep ${want.slow ?? 0}\n[Install]\nWantedBy=multi-user.target\n`,
        });
        if (want.token) host.secret(scope, "/etc/token", { parts: [{ file: "token", version: want.token }] });
        if (want.plainToken) host.file(scope, "/etc/token", { content: want.plainToken });
        host.unit(scope, "page.service", {
          restart: ["/srv/page", "/etc/systemd/system/page.service", ...(want.token ? ["/etc/token"] : [])],
        });
        if (want.check) host.check(scope, "page", { command: `sleep ${want.check}`, paths: ["/srv/page"] });
        new SshServer(host, "sshd", { host, ports: want.ports ?? [22] });
        if (want.sshd) {
          host.file(scope, "/etc/ssh/sshd_config.d/60-soundstage.conf", { content: want.sshd });
          host.unit(scope, "ssh.service", { reload: ["/etc/ssh/sshd_config.d/60-soundstage.conf"] });
        }
        if (want.big) host.file(scope, "/srv/full/big", { content: want.big });
        if (want.blob) host.file(scope, "/srv/blob", { content: artifactOf(want.blob) });
        host.probe(scope, "page", {
          command: want.probe ?? "test -s /srv/page",
          seconds: want.probeSeconds ?? 1,
        });
        for (const order of want.order ?? []) host.order(scope, order);
        if (want.action) {
          host.action(scope, want.action, {
            when: "after",
            scope: "cluster",
            check: `test ! -e /srv/broken || exit 7; grep -qx ${want.action} /srv/cluster || exit 1`,
            apply: `echo ${want.action} >> /srv/cluster`,
          });
        }
        return host;
      });
      const converge = new Converge(scope, "converge", { stack, hosts });
      new HostsCheck(converge, "observed", { stack, file: observedFile(platform, stack) });
    }, stack);
  }

  apply(output: string, ...args: readonly string[]): Cli {
    return new Cli(
      [process.execPath, this.cli, "apply", "--stack", "fleet", "--output", output, ...args],
      this.env,
    );
  }

  applied(output: string, ...args: readonly string[]): Promise<Ended> {
    return this.apply(output, ...args).ended;
  }

  /** Another command of the CLI about the hosts of an output. */
  ask(output: string, command: string, ...args: readonly string[]): Promise<Ended> {
    const words = [process.execPath, this.cli, command, "--stack", "fleet", "--output", output, ...args];
    return new Cli(words as [string, ...string[]], this.env).ended;
  }

  /** Terraform, or OpenTofu, in the stack of an output, which runs what the output holds. */
  terraform(output: string, ...args: readonly string[]): Cli {
    const bin = join(output, "bin");
    if (!existsSync(bin)) cpSync(dirname(this.cli), bin, { recursive: true });
    const folder = `-chdir=${join(output, "stacks", "fleet")}`;
    return new Cli([deployTool() ?? "terraform", folder, ...args], {
      ...this.env,
      CHECKPOINT_DISABLE: "1",
      TF_INPUT: "0",
    });
  }

  /** The log of the last run, without the moments of its lines. */
  log(output: string): string {
    return readFileSync(join(output, "logs", "fleet.log"), "utf8").replace(/^\S+Z /gm, "");
  }

  /** Of each host, in the order of their names. */
  pages(): string[] {
    return [...this.lab.hosts.values()].map(({ root }) => {
      const file = join(root, "srv/page");
      return existsSync(file) ? readFileSync(file, "utf8").trim() : "none";
    });
  }

  /** Hosts that a run still holds. */
  async held(): Promise<string[]> {
    const free = "flock --nonblock /run/soundstage-var-lib-soundstage.lock true";
    const hosts = [...this.lab.hosts.values()];
    const codes = await Promise.all(hosts.map(async (host) => (await host.exec(free)).code));
    return hosts.filter((_, index) => codes[index] !== 0).map(({ name }) => name);
  }

  /** Waits until hosts whose run is gone have been left in order by themselves. */
  free(): Promise<void> {
    return eventually(30_000, async () => {
      const held = await this.held();
      if (held.length > 0) throw new Error(`${held.join(", ")} is still held`);
    });
  }

  /** Waits until the host starts its unit, with its new page. */
  starting(name: string): Promise<void> {
    return this.#unit(name, "page.service", "activating");
  }

  /** Waits until the host's own unit of an apply has ended. */
  settled(name: string): Promise<void> {
    return this.#unit(name, "soundstage-apply.service", "inactive");
  }

  #unit(name: string, unit: string, state: string): Promise<void> {
    return eventually(20_000, async () => {
      const { stdout } = await this.lab.host(name).exec(`systemctl is-active ${unit}`);
      if (stdout !== `${state}\n`) throw new Error(`${unit} of ${name} is ${stdout}`);
    });
  }
}

/** What hosts say, in the order in which they say it, as `host step`. */
export function steps(stdout: string, ...wanted: readonly string[]): string[] {
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split(/\s+/).slice(0, 2).join(" "))
    .filter((line) => wanted.length === 0 || wanted.includes(line.split(" ")[1] ?? ""));
}

export function last(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
