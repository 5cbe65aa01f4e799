// User data of a cloud's machine: a script that cloud-init runs once, as root, at the end of the first boot.
import { shell, word } from "../shell/print.ts";

export interface Fetched {
  readonly host: string;
  /** Where the host's bundle lies, a gzipped tar. */
  readonly url: string;
  readonly sha256: string;
}

const FOLDER = "/var/lib/soundstage/bundle";

/** Fetches the bundle, takes no other than the one named by its hash, and applies it. */
export function userData({ host, url, sha256 }: Fetched): string {
  return shell(
    "#!/bin/sh",
    `# Written by Soundstage for ${host}. It holds no secret: those of the bundle are encrypted to the host's SSH key.`,
    "set -eu",
    "umask 077",
    "export DEBIAN_FRONTEND=noninteractive",
    `folder=${word(FOLDER)}`,
    `url=${word(url)}`,
    `sha256=${word(sha256)}`,
    "command -v curl >/dev/null || {",
    "  apt-get update -qq",
    "  apt-get install -y -qq --no-install-recommends ca-certificates curl >/dev/null",
    "}",
    'rm -rf "$folder"',
    'mkdir -p "$folder"',
    // Before its network is up a first boot may well ask a few times.
    `curl --fail --silent --show-error --location --proto '=https' --retry 8 --retry-connrefused --output "$folder.tar.gz" "$url"`,
    `printf '%s  %s\\n' "$sha256" "$folder.tar.gz" | sha256sum --check --quiet --strict`,
    'tar -xzf "$folder.tar.gz" --no-same-owner -C "$folder"',
    'rm "$folder.tar.gz"',
    'sh "$folder/bootstrap.sh" apply',
    // The host has its own copy of what is large by now.
    'rm -rf "$folder/blobs"',
  );
}
