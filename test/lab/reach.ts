// A lab whose first host is reached in all the ways there are: beside it a machine to jump over.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { vi } from "vitest";
import type { Connection } from "../../bundle/manifest.ts";
import { Secrets } from "../../converge/secrets/secrets.ts";
import { Access, accessSecrets } from "../../converge/ssh/access.ts";
import { Ssh } from "../../converge/ssh/ssh.ts";
import type { LabHost } from "./host.ts";
import { Lab } from "./lab.ts";

export class Reach {
  readonly lab: Lab;
  readonly one: LabHost;
  readonly hop: LabHost;
  readonly #open: Ssh[] = [];

  private constructor(lab: Lab) {
    this.lab = lab;
    this.one = lab.host("one");
    this.hop = lab.host("hop");
  }

  /** Of the operator's own files none counts but those of the lab. */
  static async start(): Promise<Reach> {
    const lab = await Lab.start({ hosts: [{ name: "one" }, { name: "hop" }] });
    vi.stubEnv("HOME", join(lab.folder, "home"));
    vi.stubEnv("SSH_AUTH_SOCK", "");
    vi.stubEnv("SOUNDSTAGE_PLATFORM", join(lab.folder, "platform.yaml"));
    mkdirSync(join(lab.folder, "home", ".ssh"), { recursive: true });
    return new Reach(lab);
  }

  /** The first host, pinned. */
  to(more: Partial<Connection> = {}): Connection {
    const { address, hostKey } = this.one;
    return { host: "one", address, ports: [22], user: "root", hostKey, identity: "id_ed25519", ...more };
  }

  async access(...connections: Connection[]): Promise<Access> {
    const secrets = new Secrets(this.lab.folder);
    await secrets.require(connections.map(accessSecrets));
    return new Access(this.lab.folder, secrets);
  }

  async connect(connection: Connection, access?: Access): Promise<Ssh> {
    const ssh = await Ssh.connect(connection, access ?? (await this.access(connection)));
    this.#open.push(ssh);
    return ssh;
  }

  /** What a command prints on a connection of its own. */
  async says(connection: Connection, command: string): Promise<string> {
    return (await (await this.connect(connection)).exec(command)).stdout.trim();
  }

  /** Another sshd of the first host. */
  async sshd(unit: string, options: string): Promise<void> {
    await this.one.must(
      `mkdir -p /run/sshd; systemd-run --quiet --unit=${unit} /usr/sbin/sshd -D -e ${options}`,
    );
  }

  /** A line of its configuration, or none; its sshd starts anew with it. */
  async configure(line: string): Promise<void> {
    await this.one.must(
      "cat >/etc/ssh/sshd_config.d/test.conf; systemctl reset-failed ssh; systemctl restart ssh",
      {
        input: `${line}\n`,
      },
    );
    await this.one.reachable();
  }

  /** A file of the lab's folder, where the platform file would be. */
  put(name: string, text: string): string {
    const file = join(this.lab.folder, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  }

  /** Ends the connections that the last test left. */
  hangUp(): void {
    for (const ssh of this.#open.splice(0)) ssh.close();
  }

  async stop(): Promise<void> {
    vi.unstubAllEnvs();
    await this.lab.stop();
  }
}

export function unpinned({ hostKey: _, ...connection }: Connection): Connection {
  return connection;
}
