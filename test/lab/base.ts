// The base image: a minimal Debian 12 with systemd and sshd, made once and shared by every host of every lab.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { must } from "./run.ts";

export const CACHE = process.env.SOUNDSTAGE_LAB_CACHE ?? "/var/cache/soundstage-lab";
const SOURCES = "/etc/apt/sources.list.d/debian.sources";
const INCLUDE = "systemd,systemd-sysv,dbus,openssh-server,iproute2,procps,kmod,ca-certificates,udev";
const RECIPE = 2;

/** Folder of the image, built behind `proxy` when it is not there yet. */
export async function baseImage(proxy: string): Promise<string> {
  const sources = existsSync(SOURCES) ? SOURCES : "/etc/apt/sources.list";
  const key = createHash("sha256")
    .update(`${RECIPE} ${INCLUDE} ${readFileSync(sources, "utf8")}`)
    .digest("hex")
    .slice(0, 12);
  const image = join(CACHE, `base-${key}`);
  if (existsSync(image)) return image;
  // Two builders may work side by side: each builds its own and the first rename wins.
  const part = `${image}.${process.pid}`;
  mkdirSync(CACHE, { recursive: true });
  rmSync(part, { recursive: true, force: true });
  const arguments_ = ["--variant=minbase", `--include=${INCLUDE}`, "--format=directory"];
  const proxyOption = `--aptopt=Acquire::http::Proxy "${proxy}"`;
  await must("mmdebstrap", [...arguments_, proxyOption, "bookworm", part, sources], { timeout: 600_000 });
  // Hosts take their own proxy, key and name; nothing of the build stays.
  for (const path of [
    "etc/apt/apt.conf.d/99mmdebstrap",
    "etc/machine-id",
    "etc/resolv.conf",
    "etc/hostname",
  ]) {
    rmSync(join(part, path), { force: true });
  }
  for (const type of ["rsa", "ecdsa", "ed25519"]) {
    rmSync(join(part, `etc/ssh/ssh_host_${type}_key`), { force: true });
    rmSync(join(part, `etc/ssh/ssh_host_${type}_key.pub`), { force: true });
  }
  // The lab gives each host its address from outside: nothing inside shall wait for a network of its own.
  await must("systemctl", [
    "--root",
    part,
    "mask",
    "systemd-networkd.service",
    "systemd-networkd-wait-online.service",
  ]);
  if (existsSync(image)) rmSync(part, { recursive: true, force: true });
  else renameSync(part, image);
  return image;
}
