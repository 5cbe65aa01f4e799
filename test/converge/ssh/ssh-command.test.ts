import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { sshCommand } from "../../../converge/ssh/ssh-command.ts";

const host = { host: "edge-2", address: "10.0.0.2", ports: [2222, 22], user: "deploy" };
const jump = { address: "192.0.2.1", port: 22, user: "gate" };

test("a host is reached by hand at its first port, with the key and the known hosts of its row", () => {
  expect(sshCommand(host, "/srv/platform")).toBe("ssh -v -p 2222 deploy@10.0.0.2");
  expect(sshCommand({ ...host, identity: "keys/ops", knownHosts: "hosts" }, "/srv/my platform")).toBe(
    "ssh -v -p 2222 -i '/srv/my platform/keys/ops' -o 'UserKnownHostsFile=/srv/my platform/hosts' deploy@10.0.0.2",
  );
});

/** What ssh makes of a command, without connecting. */
function understood(command: string): string {
  const asked = command.replace(/^ssh -v/, "ssh -G -F none");
  return spawnSync("sh", ["-c", asked], { encoding: "utf8" }).stdout;
}

test("over jump hosts each hop has its own port and key", () => {
  const inner = { ...jump, address: "2001:db8::1", identity: "/keys/50%" };
  const command = sshCommand({ ...host, identity: "/keys/ops", jump: [jump, inner] }, "/srv");
  expect(understood(command)).toContain(
    "\nproxycommand ssh -W 10.0.0.2:2222 -o 'ProxyCommand=ssh -W '\\''[2001:db8::1]:22'\\'' -p 22 -i /keys/ops gate@192.0.2.1' -p 22 -i /keys/50%% gate@2001:db8::1\n",
  );
});
