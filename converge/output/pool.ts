// A step on many hosts side by side.

/** Hosts at a time; most of a step is waiting for the host. */
export const PARALLEL = 32;

export interface PoolStep {
  readonly step: (host: string) => Promise<unknown>;
  /** Asked before each host; one that is not begun is simply not done. */
  readonly halt?: (() => unknown) | undefined;
  readonly failed: (host: string, error: Error) => Promise<void>;
}

/** @returns the hosts that did the step, in the order given */
export async function pool(hosts: readonly string[], { step, halt, failed }: PoolStep): Promise<string[]> {
  const queue = hosts.values();
  const done = new Set<string>();
  const worker = async (): Promise<void> => {
    while (!halt?.()) {
      const { value: host } = queue.next();
      if (host === undefined) return;
      try {
        await step(host);
        done.add(host);
      } catch (error) {
        await failed(host, error as Error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, hosts.length) }, worker));
  return hosts.filter((host) => done.has(host));
}
