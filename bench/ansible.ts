// Ansible with the same files on the same hosts, set as its own manual advises for speed.

import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { timed } from "./child.ts";
import type { PeerTask } from "./peer.ts";

export const ANSIBLE = "ansible-core==2.19.14";

export class Ansible {
  readonly #bin: string;
  readonly #folder: string;

  constructor({ bin, folder, ssh, identity, targets, files }: PeerTask) {
    this.#bin = bin;
    this.#folder = folder;
    mkdirSync(join(folder, "files"), { recursive: true });
    const config = {
      defaults: {
        forks: 20,
        interpreter_python: "/usr/bin/python3",
        private_key_file: identity,
        home: folder,
      },
      // Its own default of `ssh_args` keeps one connection a host for a minute, which spares it every handshake but one.
      ssh_connection: {
        pipelining: true,
        ssh_common_args: `-o UserKnownHostsFile=${ssh.knownHosts} -o StrictHostKeyChecking=yes`,
        control_path_dir: this.#sockets,
      },
    };
    const sections = Object.entries(config).map(
      ([name, settings]) =>
        `[${name}]\n${Object.entries(settings)
          .map(([key, value]) => `${key} = ${value}\n`)
          .join("")}`,
    );
    writeFileSync(join(folder, "ansible.cfg"), sections.join(""));
    writeFileSync(
      join(folder, "inventory"),
      targets.map(({ address, port }) => `${address} ansible_port=${port} ansible_user=root\n`).join(""),
    );
    for (const [path, text] of files) writeFileSync(join(folder, "files", basename(path)), text);
    const loop = [...files.keys()].map((path) => ({ src: basename(path), dest: path }));
    const copy = {
      src: "{{ item.src }}",
      dest: "{{ item.dest }}",
      mode: "0644",
      owner: "root",
      group: "root",
    };
    const task = { name: "files", "ansible.builtin.copy": copy, loop };
    const play = { hosts: "all", gather_facts: false, tasks: [task] };
    writeFileSync(join(folder, "play.yml"), JSON.stringify([play], null, 2));
  }

  get #sockets(): string {
    return join(this.#folder, "cp");
  }

  /** Throws unless it finds nothing to change. */
  async run(): Promise<number> {
    const { ms, output } = await timed(join(this.#bin, "ansible-playbook"), ["-i", "inventory", "play.yml"], {
      cwd: this.#folder,
      env: { ANSIBLE_CONFIG: join(this.#folder, "ansible.cfg"), ANSIBLE_NOCOLOR: "1" },
    });
    const recap = output.split("\n").filter((line) => / ok=/.test(line));
    if (recap.length === 0 || recap.some((line) => !/ ok=1 +changed=0 +unreachable=0 +failed=0 /.test(line)))
      throw new Error(`Ansible did more than verify:\n${output.slice(-4000)}`);
    return ms;
  }

  /** Ends the connections that it keeps for a minute. */
  end(): void {
    for (const name of readdirSync(this.#folder).includes("cp") ? readdirSync(this.#sockets) : [])
      spawnSync("ssh", [
        "-O",
        "exit",
        "-o",
        `ControlPath=${join(this.#sockets, name)}`,
        "-F",
        "none",
        "host",
      ]);
  }
}
