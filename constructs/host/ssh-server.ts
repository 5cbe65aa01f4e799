// The ports on which a host's sshd listens.
import { Construct } from "constructs";
import { print } from "../../templates/sshd/print.ts";
import type { Host } from "./host.ts";

// Debian's sshd_config includes the folder before anything else; of ports all that are named hold.
const FILE = "/etc/ssh/sshd_config.d/60-soundstage.conf";

export interface SshServerProps {
  readonly host: Host;
  /** All of them are listened on; while a port moves both are named. */
  readonly ports: readonly number[];
}

/**
 * sshd on ports other than 22 alone. Converge confirms the change over a new connection, and puts it back where none
 * can be made. With 22 alone there is nothing to say: sshd is left as Debian configures it.
 */
export class SshServer extends Construct {
  constructor(scope: Construct, id: string, { host, ports }: SshServerProps) {
    super(scope, id);
    host.reachedBy(this);
    if (ports.length === 1 && ports[0] === 22) return;
    host.file(this, FILE, {
      content: `# Written by Soundstage.\n${print(ports.map((port) => ["Port", port]))}`,
    });
    host.check(this, "sshd", { command: "/usr/sbin/sshd -t", paths: [FILE] });
    // A socket of systemd's would listen where the unit of the socket says, not where sshd's configuration does.
    host.unit(this, "ssh.socket", { state: "stopped" });
    host.unit(this, "ssh.service", { reload: [FILE] });
  }
}
