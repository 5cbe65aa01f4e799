// One host of the lab: an overlay over the base image, booted by systemd-nspawn in a network namespace of its own.
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connects } from "./proxy.ts";
import { eventually, must, type Result, type RunOptions, run } from "./run.ts";

export interface HostSpec {
  readonly name: string;
  /** Size of a tmpfs that holds all that the host writes, such as `64m`: a disk that fills. */
  readonly disk?: string;
}

// nspawn leaves a reboot (exit 133) to its caller.
const BOOT_LOOP = `while :; do
  systemd-nspawn -D "$1" --machine="$2" --network-namespace-path="/run/netns/$2" --register=no --keep-unit --resolv-conf=off \\
    --kill-signal=SIGRTMIN+3 --capability=CAP_NET_ADMIN -b </dev/null
  code=$?; [ "$code" = 133 ] || exit "$code"; done`;

export class LabHost {
  readonly name: string;
  readonly netns: string;
  readonly folder: string;
  readonly address: string;
  readonly private: string;
  /** Its public host key, made before its first boot: `ssh-ed25519 AAAA…`. */
  hostKey = "";

  constructor(spec: { name: string; netns: string; folder: string; address: string; private: string }) {
    this.name = spec.name;
    this.netns = spec.netns;
    this.folder = spec.folder;
    this.address = spec.address;
    this.private = spec.private;
    const key = join(this.folder, "host_key.pub");
    if (existsSync(key)) this.hostKey = readFileSync(key, "utf8").split(" ").slice(0, 2).join(" ").trim();
  }

  get root(): string {
    return join(this.folder, "root");
  }

  /** Makes its disk, keys and network; boots nothing. */
  async create(options: {
    base: string;
    bridge: string;
    veth: string;
    proxy: string;
    clientKey: string;
    disk?: string;
  }): Promise<void> {
    mkdirSync(this.folder, { recursive: true });
    if (options.disk)
      await must("mount", ["-t", "tmpfs", "-o", `size=${options.disk}`, this.netns, this.folder]);
    for (const path of ["up", "work", "root"]) mkdirSync(join(this.folder, path));
    await must("mount", [
      "-t",
      "overlay",
      this.netns,
      "-o",
      `lowerdir=${options.base},upperdir=${this.folder}/up,workdir=${this.folder}/work`,
      this.root,
    ]);
    await must("ssh-keygen", [
      "-q",
      "-t",
      "ed25519",
      "-N",
      "",
      "-C",
      "",
      "-f",
      join(this.folder, "host_key"),
    ]);
    const publicKey = readFileSync(join(this.folder, "host_key.pub"), "utf8");
    this.hostKey = publicKey.split(" ").slice(0, 2).join(" ").trim();
    this.#put("etc/ssh/ssh_host_ed25519_key", readFileSync(join(this.folder, "host_key"), "utf8"), 0o600);
    this.#put("etc/ssh/ssh_host_ed25519_key.pub", publicKey);
    this.#put(
      "etc/ssh/sshd_config.d/lab.conf",
      "HostKey /etc/ssh/ssh_host_ed25519_key\nPasswordAuthentication no\n",
    );
    this.#put("root/.ssh/authorized_keys", options.clientKey, 0o600);
    this.#put(
      "etc/apt/apt.conf.d/01proxy",
      `Acquire::http::Proxy "${options.proxy}";\nAcquire::http::Pipeline-Depth "0";\n`,
    );
    this.#put("etc/hostname", `${this.name}\n`);
    this.#put("etc/hosts", `127.0.0.1 localhost\n${this.private} ${this.name}\n`);
    const { netns } = this;
    await must("sh", [
      "-ec",
      [
        `ip netns add ${netns}`,
        `ip link add ${options.veth} type veth peer name eth0 netns ${netns}`,
        `ip link set ${options.veth} master ${options.bridge} up`,
        `ip -n ${netns} addr add ${this.address}/24 dev eth0`,
        `ip -n ${netns} addr add ${this.private}/24 dev eth0`,
        `ip -n ${netns} link set eth0 up`,
        `ip -n ${netns} link set lo up`,
      ].join("\n"),
    ]);
  }

  #put(path: string, text: string, mode = 0o644): void {
    const file = join(this.root, path);
    mkdirSync(join(file, ".."), { recursive: true, mode: path.startsWith("root/.ssh") ? 0o700 : 0o755 });
    writeFileSync(file, text);
    chmodSync(file, mode);
  }

  /** Starts it and waits for its sshd. */
  async boot(): Promise<void> {
    const log = openSync(join(this.folder, "console.log"), "a");
    spawn("sh", ["-c", BOOT_LOOP, "boot", this.root, this.netns], {
      detached: true,
      stdio: ["ignore", log, log],
      env: { ...process.env, SYSTEMD_NSPAWN_API_VFS_WRITABLE: "network" },
    }).unref();
    await this.reachable();
  }

  /** Waits until it answers on the SSH port. */
  async reachable(ms = 60_000): Promise<void> {
    await eventually(ms, () => connects(this.address, 22));
  }

  /** Runs a command inside, as root, past the network. */
  async exec(command: string, options: RunOptions = {}): Promise<Result> {
    const pid = await this.#init();
    return run(
      "nsenter",
      [
        "--target",
        pid,
        "--mount",
        "--uts",
        "--ipc",
        "--net",
        "--pid",
        "--cgroup",
        "--",
        "/bin/sh",
        "-c",
        command,
      ],
      {
        ...options,
        env: {
          PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          HOME: "/root",
          ...options.env,
        },
      },
    );
  }

  /** Like exec, and throws unless it exits 0. */
  async must(command: string, options: RunOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.exec(command, options);
    if (code !== 0) throw new Error(`${this.name}: ${command}: exit ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Its first process, as this machine numbers it. */
  async #init(): Promise<string> {
    for (const pid of await this.#pids()) {
      const file = `/proc/${pid}/status`;
      // It may have ended since it was listed.
      const status = existsSync(file) ? readFileSync(file, "utf8") : "";
      if (/^NSpid:\t\d+\t1$/m.test(status)) return pid;
    }
    throw new Error(`${this.name} is not running`);
  }

  async #pids(): Promise<string[]> {
    return (await run("ip", ["netns", "pids", this.netns])).stdout.split("\n").filter(Boolean);
  }

  /** A power cut: every process of its namespace ends at once. */
  async kill(): Promise<void> {
    // Killing nspawn alone leaves the host running: only an empty namespace is dead.
    await eventually(15_000, async () => {
      const pids = await this.#pids();
      for (const pid of pids) {
        try {
          process.kill(Number(pid), "SIGKILL");
        } catch {
          // it ended meanwhile
        }
      }
      if (pids.length > 0) throw new Error(`${this.name} still runs`);
    });
  }

  /** Cuts its link; `heal` mends it. */
  async cut(): Promise<void> {
    await must("ip", ["-n", this.netns, "link", "set", "eth0", "down"]);
  }

  async heal(): Promise<void> {
    await must("ip", ["-n", this.netns, "link", "set", "eth0", "up"]);
  }
}
