// What the operator's machine has of what a deploy needs.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import ssh2 from "ssh2";
import { printed } from "../secrets/program.ts";
import { OWN } from "../ssh/private-keys.ts";
import { type Finding, finding } from "./finding.ts";

/** The least Node.js that package.json allows. */
const NODE = [20, 19] as const;

export async function hereFindings(): Promise<Finding[]> {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const recent = major > NODE[0] || (major === NODE[0] && minor >= NODE[1]);
  const [terraform, tofu, git] = await Promise.all(["terraform", "tofu", "git"].map(version));
  const keys = OWN.filter((name) => existsSync(join(homedir(), ".ssh", name)));
  const held = await agentKeys();
  const shown = [...keys.map((name) => `~/.ssh/${name}`), ...(held > 0 ? [`${held} in the agent`] : [])];
  return [
    finding(
      "here",
      "node",
      recent,
      process.versions.node,
      `install Node.js ${NODE.join(".")} or later: https://nodejs.org`,
    ),
    finding(
      "here",
      "terraform",
      Boolean(terraform ?? tofu),
      terraform ?? tofu ?? "neither terraform nor tofu is on PATH",
      "https://opentofu.org/docs/intro/install",
    ),
    finding("here", "git", git !== undefined, git ?? "not on PATH", "apt-get install git"),
    finding(
      "here",
      "keys",
      true,
      shown.join(", ") || "none of your own: hosts need ssh.identity in their rows",
      "",
    ),
  ];
}

async function version(program: string): Promise<string | undefined> {
  try {
    return (await printed(program, ["--version"], { timeout: 10_000 })).split("\n")[0]?.trim();
  } catch {
    return undefined;
  }
}

async function agentKeys(): Promise<number> {
  const socket = process.env.SSH_AUTH_SOCK;
  if (!socket) return 0;
  return new Promise((resolve) =>
    ssh2.createAgent(socket).getIdentities((_error, keys) => resolve(keys?.length ?? 0)),
  );
}
