// A long-running program, as a hardened systemd unit or as a supervised process of a folder.
import type { Process, Unit } from "../../bundle/manifest.ts";
import { assignment, print, type Setting, word } from "../../templates/systemd/print.ts";

export interface Service {
  /** Unit name without `.service`. */
  readonly name: string;
  readonly description: string;
  /** argv; the first word is an absolute path. `{instance}` stands for the instance's name. */
  readonly command: readonly string[];
  /** Values may hold `{instance}`, and `{credential:<name>}` for the path of a credential. */
  readonly environment: Readonly<Record<string, string>>;
  /** Makes it a template with one unit an instance. */
  readonly instances?: readonly string[];
  /** Credential name → file on the host that systemd hands to the service alone (systemd.exec(5)). */
  readonly credentials?: Readonly<Record<string, string>>;
  readonly slice?: string;
  /** Paths whose change restarts it. */
  readonly restart: readonly string[];
  /** TCP port that it listens on; may be `{instance}`. A folder's process is not started while another has it. */
  readonly port?: string;
}

// No MemoryDenyWriteExecute and @pkey beside @system-service: V8 compiles at run time and uses protection keys.
const HARDENING: readonly Setting[] = [
  ["DynamicUser", true],
  ["ProtectSystem", "strict"],
  ["ProtectHome", true],
  ["PrivateTmp", true],
  ["PrivateDevices", true],
  ["PrivateUsers", true],
  ["PrivateIPC", true],
  ["ProtectKernelTunables", true],
  ["ProtectKernelModules", true],
  ["ProtectKernelLogs", true],
  ["ProtectControlGroups", true],
  ["ProtectClock", true],
  ["ProtectHostname", true],
  ["ProtectProc", "invisible"],
  ["ProcSubset", "pid"],
  ["NoNewPrivileges", true],
  ["LockPersonality", true],
  ["RestrictNamespaces", true],
  ["RestrictRealtime", true],
  ["RestrictSUIDSGID", true],
  ["RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"],
  ["CapabilityBoundingSet", ""],
  ["AmbientCapabilities", ""],
  ["SystemCallArchitectures", "native"],
  ["SystemCallFilter", "@system-service @pkey"],
  ["SystemCallFilter", "~@privileged @resources"],
  ["SystemCallErrorNumber", "EPERM"],
  ["UMask", "0077"],
  ["RemoveIPC", true],
];

export function serviceFile(service: Service): string {
  const fill = (text: string) =>
    text.replaceAll("{instance}", "%i").replace(/\{credential:([\w-]+)\}/g, "%d/$1");
  return print([
    [
      "Unit",
      [
        ["Description", service.description.replaceAll("{instance}", "%i")],
        ["After", "network-online.target"],
        ["Wants", "network-online.target"],
      ],
    ],
    [
      "Service",
      [
        ["ExecStart", service.command.map((part) => fill(word(part))).join(" ")],
        ...Object.entries(service.environment).map(
          ([key, value]): Setting => ["Environment", fill(assignment(`${key}=${value}`))],
        ),
        ...Object.entries(service.credentials ?? {}).map(
          ([name, path]): Setting => ["LoadCredential", `${name}:${path}`],
        ),
        ["Restart", "always"],
        ["RestartSec", "1s"],
        ["TimeoutStopSec", "30s"],
        ["LimitNOFILE", 1048576],
        ...(service.slice ? [["Slice", service.slice] as Setting] : []),
        ...HARDENING,
      ],
    ],
    ["Install", [["WantedBy", "multi-user.target"]]],
  ]);
}

export function serviceUnits(service: Service, path: string): Unit[] {
  return names(service).map((name) => ({
    name: `${name}.service`,
    state: "started",
    restart: [path, ...service.restart],
    reload: [],
  }));
}

/** Paths of the host become relative to its folder, where the supervisor runs the process. */
export function serviceProcesses(service: Service): Process[] {
  return (service.instances ?? [""]).map((instance) => {
    const fill = (text: string) => text.replaceAll("{instance}", instance);
    return {
      name: instance ? `${service.name}@${instance}` : service.name,
      command: service.command.map((part) => fill(part).replace(/^\//, "")),
      environment: Object.fromEntries(
        Object.entries(service.environment).map(([key, value]) => [key, fill(value)]),
      ),
      restart: service.restart,
      ...(service.port && { port: Number(fill(service.port)) }),
    };
  });
}

function names(service: Service): string[] {
  return service.instances?.map((instance) => `${service.name}@${instance}`) ?? [service.name];
}
