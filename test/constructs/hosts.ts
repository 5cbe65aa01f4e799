// Hosts for tests: a stack with one machine, and what its bundle holds.
import { TerraformStack, Testing } from "cdktf";
import type { Bundle } from "../../bundle/bundle.ts";
import { Host } from "../../constructs/host/host.ts";
import type { HostProps } from "../../constructs/host/props.ts";

export const AUTHORITY = { certificate: { file: "ca/ca.crt" }, key: { file: "ca/ca.key" }, days: 90 };
export const NO_ARTIFACT = { file: "/nonexistent", sha256: "0".repeat(64), size: 1 };

export const MACHINE: HostProps = {
  transport: {
    ssh: { address: "192.0.2.10", ports: [22], user: "root", hostKey: `SHA256:${"A".repeat(43)}` },
  },
  privateAddress: "10.0.0.10",
  cpus: 4,
  memory: 8192,
};

export function stack(): TerraformStack {
  return new TerraformStack(Testing.app(), "test");
}

/** Makes a host, lets `add` ask things of it, and returns what it became. */
export function bundleOf(add: (host: Host) => unknown, props: Partial<HostProps> = {}): Bundle {
  const host = new Host(stack(), "one", { ...MACHINE, ...props });
  add(host);
  return host.bundle();
}
