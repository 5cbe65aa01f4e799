// soundstage/host: machines, what is asked of them, and what brings them to it.
export { Converge, type ConvergeProps } from "./converge.ts";
export { Host } from "./host.ts";
export type {
  FileProps,
  HostProps,
  Leaving,
  LocalTransport,
  SshTransport,
  SysctlProps,
} from "./props.ts";
export type { Service } from "./service.ts";
export { SshServer, type SshServerProps } from "./ssh-server.ts";
