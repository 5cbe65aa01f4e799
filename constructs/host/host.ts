// One Debian machine, or a folder of this one: constructs add to it, and at synthesis it becomes its bundle.
import { Construct } from "constructs";
import type { Bundle } from "../../bundle/bundle.ts";
import { sha256 } from "../../bundle/hash.ts";
import type {
  Action,
  Archive,
  Artifact,
  ChangeOrder,
  Check,
  Directory,
  ManagedFile,
  Manifest,
  Probe,
  Process,
  SecretFile,
  Sysctl,
  Unit,
  User,
} from "../../bundle/manifest.ts";
import { print as printSysctl } from "../../templates/sysctl/print.ts";
import { InvalidProps } from "../invalid-props.ts";
import { Claims } from "./claims.ts";
import { emptied } from "./emptied.ts";
import { packageList } from "./packages.ts";
import type { FileProps, HostProps, Leaving, SysctlProps } from "./props.ts";
import { type Service, serviceFile, serviceProcesses, serviceUnits } from "./service.ts";
import { memoryFault } from "./size.ts";

export class Host extends Construct {
  readonly name: string;
  readonly props: HostProps;
  readonly kernel: "own" | "shared";
  readonly #claims = new Claims(this);
  readonly #packages = new Set<string>();
  readonly #leftOut = new Set<string>();
  readonly #modules = new Set<string>();
  readonly #users = new Map<string, User>();
  readonly #directories = new Map<string, Directory>();
  readonly #files = new Map<string, ManagedFile>();
  readonly #texts = new Map<string, string>();
  readonly #artifacts = new Map<string, Artifact>();
  readonly #archives = new Map<string, Archive>();
  readonly #secrets = new Map<string, SecretFile>();
  readonly #sysctls = new Map<string, string>();
  readonly #units = new Map<string, Unit>();
  readonly #checks = new Map<string, Check>();
  readonly #actions = new Map<string, Action>();
  readonly #probes = new Map<string, Probe>();
  readonly #orders = new Map<string, ChangeOrder>();
  readonly #leaving = new Map<string, Leaving>();
  readonly #data = new Set<string>();
  readonly #produces = new Set<string>();
  readonly #reachedBy = new Set<Construct>();
  readonly #processes: Process[] = [];
  #booted = false;

  constructor(scope: Construct, id: string, props: HostProps) {
    super(scope, id);
    this.name = id;
    this.props = props;
    this.kernel = props.kernel ?? "own";
    InvalidProps.throwIfAny(this, [
      !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(id) && `host name "${id}" must be a DNS label (RFC 1123)`,
      !(props.cpus >= 1) && `cpus ${props.cpus} must be at least 1`,
      memoryFault(props.memory),
    ]);
  }

  get local(): boolean {
    return "directory" in this.props.transport;
  }

  /** Debian packages; asking twice is asking once. */
  package(by: Construct, ...names: readonly string[]): void {
    this.#needsRoot(by, `package ${names.join(" ")}`);
    for (const name of names) this.#packages.add(name);
  }

  directory(by: Construct, path: string, props: { mode?: string; owner?: string } = {}): void {
    const directory = { path, mode: props.mode ?? "0755", owner: props.owner ?? "root:root" };
    this.#claims.path(by, path, `a directory ${directory.mode} ${directory.owner}`);
    this.#directories.set(path, directory);
  }

  file(by: Construct, path: string, props: FileProps): void {
    this.#claims.path(by, path);
    const text = typeof props.content === "string" ? props.content : undefined;
    if (text !== undefined) this.#texts.set(path, text);
    else this.#artifacts.set(path, props.content as Artifact);
    this.#files.set(path, {
      path,
      mode: props.mode ?? "0644",
      owner: props.owner ?? "root:root",
      sha256: text === undefined ? (props.content as Artifact).sha256 : sha256(text),
      size: text === undefined ? (props.content as Artifact).size : Buffer.byteLength(text),
      source: text === undefined ? "blob" : "text",
    });
  }

  /** Unpacks a gzipped tar into `path`, which belongs to the archive alone. */
  archive(by: Construct, path: string, artifact: Artifact): void {
    this.#claims.path(by, path);
    this.#artifacts.set(path, artifact);
    this.#archives.set(path, { path, sha256: artifact.sha256, size: artifact.size });
  }

  /** A file of literal text and secrets, sent over the SSH channel when applied. */
  secret(
    by: Construct,
    path: string,
    props: { parts: SecretFile["parts"]; mode?: string; owner?: string },
  ): void {
    this.#claims.path(by, path);
    this.#secrets.set(path, {
      path,
      mode: props.mode ?? "0600",
      owner: props.owner ?? "root:root",
      parts: props.parts,
    });
  }

  user(by: Construct, name: string, props: Partial<Omit<User, "name">> = {}): void {
    this.#needsRoot(by, `user ${name}`);
    const user = { name, home: "/nonexistent", shell: "/usr/sbin/nologin", groups: [], ...props };
    this.#claims.same(by, "user", name, JSON.stringify(user));
    this.#users.set(name, user);
  }

  unit(by: Construct, name: string, props: Partial<Omit<Unit, "name">> = {}): void {
    this.#needsRoot(by, `unit ${name}`);
    this.#claims.once(by, "unit", name);
    this.#units.set(name, {
      name,
      state: props.state ?? "started",
      restart: props.restart ?? [],
      reload: props.reload ?? [],
    });
  }

  /** A long-running program: a hardened systemd unit on a machine, a supervised process in a folder. */
  service(by: Construct, service: Service): void {
    if (this.local) {
      this.#processes.push(...serviceProcesses(service));
      return;
    }
    const path = `/etc/systemd/system/${service.name}${service.instances ? "@" : ""}.service`;
    this.file(by, path, { content: serviceFile(service) });
    this.check(by, `systemd-${service.name}`, {
      command: `systemd-analyze verify --man=no ${service.instances ? path.replace("@", `@${service.instances[0]}`) : path}`,
      paths: [path],
    });
    for (const unit of serviceUnits(service, path)) this.unit(by, unit.name, unit);
  }

  sysctl(by: Construct, key: string, value: string | number, props: SysctlProps = {}): void {
    this.#needsRoot(by, `kernel key ${key}`);
    const { merge = "equal" } = props;
    this.#claims.same(by, "kernel key", key, merge === "max" ? "the largest of several" : String(value));
    const before = this.#sysctls.get(key);
    const larger = before === undefined ? value : Math.max(Number(before), Number(value));
    this.#sysctls.set(key, String(merge === "max" ? larger : value));
  }

  /** Kernel keys that were asked for and are not this host's to set; its file says so. */
  leaveOut(keys: readonly string[]): void {
    for (const key of keys) this.#leftOut.add(key);
  }

  /** Kernel module, loaded now and at boot. */
  module(by: Construct, name: string): void {
    this.#needsRoot(by, `kernel module ${name}`);
    this.#modules.add(name);
  }

  check(by: Construct, id: string, props: Omit<Check, "id">): void {
    this.#needsRoot(by, `check ${id}`);
    this.#claims.once(by, "check", id);
    this.#checks.set(id, { id, ...props });
  }

  action(by: Construct, id: string, props: Omit<Action, "id">): void {
    this.#needsRoot(by, `action ${id}`);
    this.#claims.once(by, "action", id);
    const undone = props.when === "after" && props.scope === "host";
    InvalidProps.throwIfAny(by, [
      props.undo !== undefined &&
        !undone &&
        `action "${id}" (when "${props.when}", scope "${props.scope}") can not have an undo: only when "after" with scope "host" is put back`,
    ]);
    this.#actions.set(id, { id, ...props });
  }

  probe(by: Construct, id: string, props: Omit<Probe, "id">): void {
    this.#claims.once(by, "probe", id);
    this.#probes.set(id, { id, ...props });
  }

  /** Says how this host may change among the others of `order.group`, and how it leaves them. */
  order(by: Construct, order: ChangeOrder, leaving?: Leaving): void {
    this.#claims.once(by, "change order", order.group);
    this.#orders.set(order.group, order);
    if (leaving) this.#leaving.set(order.group, leaving);
  }

  /** Files and folders that actions or services make, such as keys: they leave the host with whoever asked for these. */
  produces(...paths: readonly string[]): void {
    for (const path of paths) this.#produces.add(path);
  }

  /** A folder with data of a service: it outlives the service, unless the host is purged. */
  data(path: string): void {
    this.#data.add(path);
  }

  /** What `by` asks for stays on a host that retires: it is how the host is reached. */
  reachedBy(by: Construct): void {
    this.#reachedBy.add(by);
  }

  get retires(): boolean {
    return this.props.retire !== undefined && this.props.retire !== false;
  }

  /** All that was asked of the host so far; called at synthesis. */
  bundle(): Bundle {
    if (this.retires) return this.#emptied();
    this.#bootFiles();
    const manifest: Manifest = {
      format: 1,
      host: this.name,
      transport: this.local ? "local" : "ssh",
      packages: packageList(this.#packages, this.props.lock),
      users: byKey(this.#users),
      directories: byKey(this.#directories),
      files: byKey(this.#files),
      archives: byKey(this.#archives),
      secrets: byKey(this.#secrets),
      modules: [...this.#modules].sort(),
      sysctls: byKey(this.#sysctls).map((value, index): Sysctl => {
        return { key: [...this.#sysctls.keys()].sort()[index] as string, value };
      }),
      units: [...this.#units.values()],
      checks: [...this.#checks.values()],
      actions: [...this.#actions.values()],
      probes: [...this.#probes.values()],
      order: [...this.#orders.values()],
      processes: this.#processes,
      ...(this.#produces.size > 0 && { produces: [...this.#produces].sort() }),
    };
    return { manifest, texts: this.#texts, artifacts: [...this.#artifacts.values()] };
  }

  #emptied(): Bundle {
    const stays = (kind: string) => (name: string) =>
      [...this.#reachedBy].some((by) => this.#claims.by(kind, name) === by);
    const [path, unit, check] = [stays("path"), stays("unit"), stays("check")];
    return emptied({
      host: this.name,
      files: byKey(this.#files).filter((file) => path(file.path)),
      texts: new Map([...this.#texts].filter(([name]) => path(name))),
      units: [...this.#units.values()].filter(({ name }) => unit(name)),
      checks: [...this.#checks.values()].filter(({ id }) => check(id)),
      order: [...this.#leaving].map(([group, scripts]) => {
        return { group, mode: this.#orders.get(group)?.mode ?? "one-by-one", ...scripts };
      }),
      retired: { data: this.props.retire === "purge" ? "purged" : "kept", folders: [...this.#data].sort() },
    });
  }

  /** What systemd applies at boot is what was applied now. */
  #bootFiles(): void {
    if (this.#booted) return;
    this.#booted = true;
    const keys = [...this.#sysctls].sort(([a], [b]) => (a < b ? -1 : 1));
    if (keys.length > 0) {
      const leftOut = [...this.#leftOut]
        .sort()
        .map((key) => `left to the machine that this host runs on: ${key}`);
      const content = printSysctl({ comments: ["Written by Soundstage.", ...leftOut], keys });
      this.file(this, "/etc/sysctl.d/60-soundstage.conf", { content });
    }
    if (this.#modules.size > 0) {
      this.file(this, "/etc/modules-load.d/soundstage.conf", {
        content: `${[...this.#modules].sort().join("\n")}\n`,
      });
    }
  }

  #needsRoot(by: Construct, what: string): void {
    InvalidProps.throwIfAny(by, [
      this.local && `${what} needs root, and host "${this.name}" is a folder: files and processes only`,
    ]);
  }
}

/** Sorted by key, so that the order in which constructs ask changes no byte. */
function byKey<T>(map: ReadonlyMap<string, T>): T[] {
  return [...map.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}
