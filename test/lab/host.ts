// One host of the lab: an overlay over the base image, booted by systemd-nspawn in a network namespace of its own.
import { spawn } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { makeCgroups } from "./cgroup.ts";
import { end, initOf, machineArgument } from "./processes.ts";
import { connects } from "./proxy.ts";
import type { HostRecord } from "./records.ts";
import { eventually, must, type Result, type RunOptions, run } from "./run.ts";

export interface HostSpec {
  readonly name: string;
  /** Size of a tmpfs that holds all that the host writes, such as `64m`: a disk that fills. */
  readonly disk?: string;
  /** Made with the lab and booted by whoever wants it. */
  readonly later?: boolean;
}

// nspawn leaves a reboot (exit 133) to its caller.
const BOOT_LOOP = `root=$1 machine=$2 netns=$3
shift 3
for cgroup; do echo $$ >"$cgroup/cgroup.procs"; done
while :; do
  systemd-nspawn -D "$root" "$machine" --network-namespace-path="/run/netns/$netns" --register=no --keep-unit \\
    --resolv-conf=off --kill-signal=SIGRTMIN+3 --capability=CAP_NET_ADMIN -b </dev/null
  code=$?; [ "$code" = 133 ] || exit "$code"; done`;

export class LabHost {
  readonly name: string;
  readonly netns: string;
  readonly folder: string;
  /** Where it is reached; this and `private` are on one interface, each in a /24 of its own. */
  readonly address: string;
  readonly private: string;
  /** Its public host key, made before its first boot: `ssh-ed25519 AAAA…`. */
  hostKey = "";
  readonly #veth: string;

  constructor(record: HostRecord) {
    this.name = record.name;
    this.netns = record.netns;
    this.folder = record.folder;
    this.address = record.address;
    this.private = record.private;
    this.#veth = record.veth;
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
    proxy: string;
    clientKey: string;
    disk?: string;
  }): Promise<void> {
    // A lab that ended with the machine left its disks: they are of no use without it.
    rmSync(this.folder, { recursive: true, force: true });
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
    // Debian's installer leaves it off; a first boot by presets alone would have systemd listen in sshd's place.
    this.#put("etc/systemd/system-preset/00-lab.preset", "disable ssh.socket\n");
    this.#put("etc/hosts", `127.0.0.1 localhost\n${this.private} ${this.name}\n`);
    const { netns } = this;
    await must("sh", [
      "-ec",
      [
        `ip netns add ${netns}`,
        `ip link add ${this.#veth} type veth peer name eth0 netns ${netns}`,
        `ip link set ${this.#veth} master ${options.bridge} up`,
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
    const file = join(this.folder, "console.log");
    const log = openSync(file, "a");
    const words = [this.root, machineArgument(this.netns), this.netns, ...makeCgroups(this.netns)];
    spawn("sh", ["-c", BOOT_LOOP, "boot", ...words], {
      detached: true,
      stdio: ["ignore", log, log],
      env: { ...process.env, SYSTEMD_NSPAWN_API_VFS_WRITABLE: "network" },
    }).unref();
    closeSync(log);
    try {
      await this.reachable();
    } catch (error) {
      const last = readFileSync(file, "utf8").split("\n").slice(-15).join("\n");
      throw new Error(`${this.name} did not boot: ${(error as Error).message}\n${last}`);
    }
  }

  /** Restarts it as it would itself, and waits for its sshd. */
  async reboot(): Promise<void> {
    const before = await initOf(this.netns);
    await this.exec("systemctl reboot");
    await eventually(30_000, async () => {
      const now = await initOf(this.netns);
      if (now === undefined || now === before) throw new Error(`${this.name} does not restart`);
    });
    await this.reachable();
  }

  /** Waits until it answers on the SSH port. */
  async reachable(ms = 60_000): Promise<void> {
    await eventually(ms, () => connects(this.address, 22));
  }

  async isRunning(): Promise<boolean> {
    return (await initOf(this.netns)) !== undefined;
  }

  /** Runs a command inside, as root, past the network; of this process's environment it gets nothing. */
  async exec(command: string, options: RunOptions = {}): Promise<Result> {
    const init = await initOf(this.netns);
    if (init === undefined) throw new Error(`${this.name} is not running`);
    const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"];
    const env = ["-i", "HOME=/root", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];
    const words = Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`);
    return run(
      "nsenter",
      [
        "--target",
        String(init),
        ...namespaces,
        "--",
        "/usr/bin/env",
        ...env,
        ...words,
        "/bin/sh",
        "-c",
        command,
      ],
      options,
    );
  }

  /** Like exec, and throws unless it exits 0. */
  async must(command: string, options: RunOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.exec(command, options);
    if (code !== 0) throw new Error(`${this.name}: ${command}: exit ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** A power cut: every process of it ends at once, unsynced; `boot` starts it again on its disk. */
  async kill(): Promise<void> {
    await end(this.netns);
  }

  /** Cuts its link at the bridge: both sides hear nothing more. `heal` mends it. */
  async cut(): Promise<void> {
    await must("ip", ["link", "set", this.#veth, "down"]);
  }

  async heal(): Promise<void> {
    await must("ip", ["link", "set", this.#veth, "up"]);
  }

  /** What it is sent takes its time: `rate` as tc(8) has it, such as `64mbit`; `unthrottle` ends that. */
  async throttle(rate: string): Promise<void> {
    const shape = ["root", "tbf", "rate", rate, "burst", "64kb", "latency", "400ms"];
    await must("tc", ["qdisc", "add", "dev", this.#veth, ...shape]);
  }

  async unthrottle(): Promise<void> {
    await must("tc", ["qdisc", "del", "dev", this.#veth, "root"]);
  }
}
