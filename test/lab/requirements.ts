import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

const COMMANDS: Record<string, string> = {
  "apt-cacher-ng": "apt-cacher-ng",
  ip: "iproute2",
  mmdebstrap: "mmdebstrap",
  "ssh-keygen": "openssh-client",
  "systemd-nspawn": "systemd-container",
};

/** Bits of capabilities(7) that root of a container may lack. */
const CAPABILITIES = { CAP_NET_ADMIN: 12n, CAP_SYS_ADMIN: 21n };

export function onPath(command: string): boolean {
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
  return labMissing() ?? (deployTool() ? undefined : "deploying needs terraform or tofu on PATH");
}

/** What applies a stack here. */
export function deployTool(): "terraform" | "tofu" | undefined {
  return (["terraform", "tofu"] as const).find(onPath);
}

function kernelLacks(): string[] {
  const effective = BigInt(`0x${/^CapEff:\t(\w+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]}`);
  const overlay =
    /\toverlay$/m.test(readFileSync("/proc/filesystems", "utf8")) || existsSync("/sys/module/overlay");
  return [
    ...Object.entries(CAPABILITIES).flatMap(([name, bit]) => ((effective >> bit) & 1n ? [] : [name])),
    ...(overlay ? [] : ["the overlay filesystem (modprobe overlay)"]),
    ...(existsSync("/proc/self/ns/net") ? [] : ["network namespaces in the kernel"]),
  ];
}

/** Why this machine can not make lab hosts, or undefined when it can. */
export function labMissing(): string | undefined {
  const reasons = [
    ...(process.platform !== "linux" ? ["Linux"] : process.getuid?.() !== 0 ? ["root"] : kernelLacks()),
    ...Object.entries(COMMANDS).flatMap(([command, name]) =>
      onPath(command) ? [] : [`Debian package ${name}`],
    ),
  ];
  return reasons.length > 0 ? `the lab needs ${reasons.join(", ")}` : undefined;
}
