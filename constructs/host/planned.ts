// How Terraform tells its command what it planned, as `plannedDigest` of the bundle's contract has it.

/** JSON of host → digest, of the triggers that were planned. */
export const PLANNED =
  "${jsonencode({ for host, row in self.triggers_replace : host => " +
  'base64sha256(join("\\n", [row.manifest, try(row.address, row.directory), try(row.hostKey, "")])) })}';
export const VARIABLE = "SOUNDSTAGE_TRIGGERS";

/** Linux, execve(2): bytes of one string of the environment, with its name and its end. */
const MOST = 131_072 - `${VARIABLE}=\0`.length;
/** Of a host besides its name: the digest's 44 characters, quotes, colon, comma. */
const DIGEST = 50;

/** What is wrong with the number of hosts of one stack. */
export function hostsFault(names: readonly string[]): string | undefined {
  const bytes = names.reduce((sum, name) => sum + name.length + DIGEST, 1);
  if (bytes <= MOST) return undefined;
  const fit = Math.floor((names.length * MOST) / bytes);
  return `${names.length} hosts are more than one run can be told of (${bytes} bytes, and Linux hands over ${MOST}): about ${fit} fit, so make two regions of this one`;
}
