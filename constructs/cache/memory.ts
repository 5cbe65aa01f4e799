const SHARE = 0.75;
const LEAST = 16;

/** What is wrong with the memory that Redis gets of a host; both in MiB. */
export function maxmemoryFault(
  maxmemory: number,
  host: { readonly name: string; readonly memory: number },
): string | undefined {
  if (maxmemory < LEAST) return `maxmemory ${maxmemory} MiB is less than ${LEAST} MiB`;
  return maxmemory > SHARE * host.memory
    ? `maxmemory ${maxmemory} MiB is more than ${SHARE * 100} % of the ${host.memory} MiB of host "${host.name}": a save or a resize would not fit`
    : undefined;
}
