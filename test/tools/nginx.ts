// The files of an edge, in a folder where nginx runs without being installed.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

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
