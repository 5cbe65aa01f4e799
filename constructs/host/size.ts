/** MiB, below which Debian and what it should run do not fit. */
const LEAST = 256;

/** What is wrong with a host's memory, in MiB. */
export function memoryFault(memory: number): string | undefined {
  return memory >= LEAST ? undefined : `memory ${memory} MiB must be at least ${LEAST}`;
}
