/** Listeners of each host, where a region's are shared among those with a relay. */
export function listenersPerHost(listeners: number, hosts: number): number {
  return Math.floor(listeners / hosts);
}

/** What is wrong with the listeners that a host's workers take together. */
export function capacityFault(listeners: number, workers: number): string | undefined {
  return listeners < workers
    ? `capacity ${listeners} of a host is less than one listener for each of its ${workers} workers`
    : undefined;
}
