// A host's bundle as tests of plans want it, and what hosts answer.
import { sha256 } from "../../../bundle/hash.ts";
import type { Manifest } from "../../../bundle/manifest.ts";
import { hostPlan, type Wanted } from "../../../converge/plan/host-plan.ts";
import { PlanText } from "../../../converge/plan/plan-text.ts";
import type { Line } from "../../../converge/script/answer.ts";
import { saltedDigest } from "../../../converge/secrets/secrets.ts";

export const NEW = "listen 80;\nserver_name new;\n";
export const VALUE = "across-the-universe";

export const file = (path: string, mode = "0644", source: "text" | "blob" = "text") => {
  return { path, mode, owner: "root:root", sha256: sha256(path), size: 28, source };
};

export const manifest: Manifest = {
  format: 1,
  host: "eu-1",
  transport: "ssh",
  packages: ["nginx-light=1.22.1-9", "redis-server"],
  users: [],
  directories: [{ path: "/srv/data", mode: "0750", owner: "relay:relay" }],
  files: [file("/etc/nginx.conf"), file("/etc/motd", "0640"), file("/opt/node", "0755", "blob")],
  archives: [],
  secrets: [
    { path: "/etc/token", mode: "0600", owner: "root:root", parts: [{ env: "TOKEN", version: 2 }] },
    { path: "/etc/key", mode: "0600", owner: "root:root", parts: [{ env: "KEY", version: 5 }] },
  ],
  modules: [],
  sysctls: [],
  units: [
    { name: "nginx.service", state: "started", restart: [], reload: ["/etc/nginx.conf", "/etc/token"] },
    { name: "relay.service", state: "started", restart: ["/etc/token"], reload: ["/etc/motd"] },
    { name: "key.service", state: "started", restart: ["/etc/key"], reload: [] },
  ],
  checks: [],
  actions: [
    { id: "migrate", when: "after", scope: "cluster", check: "exit 1", apply: "true" },
    { id: "drain", when: "after", scope: "host", check: "exit 1", apply: "true", undo: "true" },
    { id: "done", when: "after", scope: "host", check: "true", apply: "true" },
  ],
  probes: [],
  order: [{ group: "db", mode: "one-by-one", fresh: "false" }],
  processes: [],
};

export const wanted: Wanted = {
  manifest,
  hash: "f".repeat(64),
  text: () => NEW,
  secrets: {
    content: () => VALUE,
    masked: (text) => text.replaceAll(VALUE, "********"),
  },
};

export const base64 = (text: string) => Buffer.from(text).toString("base64");
export const secret = (path: string, version: number, value: string): Line => {
  return ["secret", String(version), "salt", saltedDigest("salt", value), path];
};
export const held = (hash = "a".repeat(64)): Line[] => [
  ["manifest", hash],
  ["generation", "4"],
];
export const SECRETS = [secret("/etc/token", 2, VALUE), secret("/etc/key", 5, VALUE)];

export const shown = (answer: readonly Line[], colour = false) =>
  new PlanText(colour).host(hostPlan(wanted, answer));
