// The files of an edge, in a folder where nginx runs without being installed.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Edge, type EdgeProps } from "../../constructs/edge/edge.ts";
import { Certificate } from "../../constructs/tls/certificate.ts";
import { AUTHORITY, bundleOf } from "../constructs/hosts.ts";
import { selfSigned } from "./self-signed.ts";

export const nginxMissing =
  spawnSync("nginx", ["-v"]).status === 0 ? "" : " (the Debian package nginx-light is not installed)";

const NAME = "example.test";

/** Path → text of the files of a host whose edge has these properties. */
export function edgeFiles(props: Partial<EdgeProps> = {}): ReadonlyMap<string, string> {
  return bundleOf((host) => {
    const source = { privateCa: AUTHORITY };
    const certificate = new Certificate(host, "edge", { host, names: [NAME], source });
    new Edge(host, "site", { host, names: [NAME], certificate, ports: [3000], ...props });
  }).texts;
}

/** The edge's key and certificate, where `placeNginx` looks for them. */
export function signEdge(folder: string): void {
  selfSigned(NAME, { key: join(folder, "host.key"), certificate: join(folder, "fullchain.pem") });
}

/** Writes them with their paths in `folder`, where `host.key` and `fullchain.pem` lie; returns the main file. */
export function placeNginx(
  texts: ReadonlyMap<string, string>,
  folder: string,
  change: (text: string) => string = (text) => text,
): string {
  for (const [path, text] of texts) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    const placed = text
      .replaceAll("/etc/nginx/soundstage", join(folder, "etc/nginx/soundstage"))
      .replaceAll("/etc/soundstage/tls/edge", folder)
      .replaceAll("/var/log/nginx", folder)
      .replaceAll("/run/nginx.pid", join(folder, "nginx.pid"));
    writeFileSync(target, change(placed));
  }
  return join(folder, "etc/nginx/nginx.conf");
}
