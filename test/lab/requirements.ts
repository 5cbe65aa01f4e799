import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const COMMANDS: Record<string, string> = {
  "apt-cacher-ng": "apt-cacher-ng",
  ip: "iproute2",
  mmdebstrap: "mmdebstrap",
  "ssh-keygen": "openssh-client",
  "systemd-nspawn": "systemd-container",
};

function onPath(command: string): boolean {
  return `${process.env.PATH}${delimiter}/usr/sbin`.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Why this machine can not deploy to a lab, or undefined when it can. */
export function deployMissing(): string | undefined {
  return (
    labMissing() ??
    (onPath("terraform") || onPath("tofu") ? undefined : "deploying needs terraform or tofu on PATH")
  );
}

/** Why this machine can not make lab hosts, or undefined when it can. */
export function labMissing(): string | undefined {
  const reasons = [
    ...(process.getuid?.() === 0 ? [] : ["root"]),
    ...Object.entries(COMMANDS).flatMap(([command, name]) =>
      onPath(command) ? [] : [`Debian package ${name}`],
    ),
  ];
  return reasons.length > 0 ? `the lab needs ${reasons.join(", ")}` : undefined;
}
