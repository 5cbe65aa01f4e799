import { gunzipSync } from "node:zlib";

/** The version that a release of the relay says of itself; undefined where the bytes are none. */
export function releaseVersion(bytes: Uint8Array): string | undefined {
  try {
    const tar = gunzipSync(bytes, { maxOutputLength: 256 * 1024 * 1024 });
    const text = fileOf(tar, "package.json");
    const { name, version } = JSON.parse(text ?? "{}") as { name?: string; version?: string };
    return name === "soundstage-relay" ? version : undefined;
  } catch {
    return undefined;
  }
}

/** ustar (POSIX.1-1988): a header of 512 bytes, then the content in whole blocks of as many. */
function fileOf(tar: Buffer, wanted: string): string | undefined {
  for (let at = 0; at + 512 <= tar.length; ) {
    const name = tar.toString("utf8", at, at + 100).replace(/\0.*$/s, "");
    const size = Number.parseInt(tar.toString("latin1", at + 124, at + 135), 8) || 0;
    if (name === wanted) return tar.toString("utf8", at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return undefined;
}
