// The base image: a minimal Debian 12 with systemd and sshd, made once and shared by every host of every lab.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "./run.ts";

/** Images and packages are kept there, outside every checkout. */
export const CACHE = process.env.SOUNDSTAGE_LAB_CACHE ?? "/var/cache/soundstage-lab";
const SOURCES = "/etc/apt/sources.list.d/debian.sources";
const INCLUDE = "systemd,systemd-sysv,dbus,openssh-server,iproute2,procps,kmod,ca-certificates,udev";
const RECIPE = 2;

// Two builders may meet: the second waits for the first and finds its work done. What one left unfinished goes.
// Hosts take their own proxy, keys and name; and the lab gives each its address from outside.
const BUILD = `image=$1 proxy=$2 sources=$3
[ ! -e "$image" ] || exit 0
rm -rf "$image.part"
mmdebstrap --variant=minbase --include=${INCLUDE} --format=directory \\
  --aptopt="Acquire::http::Proxy \\"$proxy\\"" bookworm "$image.part" "$sources"
cd "$image.part"
rm -f etc/apt/apt.conf.d/99mmdebstrap etc/machine-id etc/resolv.conf etc/hostname etc/ssh/ssh_host_*
systemctl --root . mask systemd-networkd.service systemd-networkd-wait-online.service
mv "$image.part" "$image"`;

/** Folder of the image, built behind `proxy` when it is not there yet. */
export async function baseImage(proxy: string): Promise<string> {
  const sources = existsSync(SOURCES) ? SOURCES : "/etc/apt/sources.list";
  const key = createHash("sha256")
    .update(`${RECIPE} ${INCLUDE} ${readFileSync(sources, "utf8")}`)
    .digest("hex")
    .slice(0, 12);
  const image = join(CACHE, `base-${key}`);
  if (existsSync(image)) return image;
  mkdirSync(CACHE, { recursive: true });
  await must("flock", [`${image}.lock`, "sh", "-ec", BUILD, "build", image, proxy, sources], {
    timeout: 900_000,
  });
  return image;
}
