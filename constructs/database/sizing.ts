// PostgreSQL's memory from the host's, as its wiki and pgtune derive it.

export interface Sizing {
  readonly shared_buffers: string;
  readonly effective_cache_size: string;
  readonly maintenance_work_mem: string;
  readonly work_mem: string;
  readonly wal_buffers: string;
}

/** @param memory MiB of the smallest member: the settings are the whole cluster's */
export function sizing(memory: number, connections: number): Sizing {
  const shared = Math.floor(memory / 4);
  const work = Math.floor(((memory - shared) * 1024) / ((connections + 8) * 3));
  return {
    shared_buffers: `${shared}MB`,
    effective_cache_size: `${Math.floor((memory * 3) / 4)}MB`,
    maintenance_work_mem: `${Math.min(8192, Math.max(32, Math.floor(memory / 16)))}MB`,
    work_mem: `${Math.max(1024, work)}kB`,
    wal_buffers: `${Math.min(16, Math.max(1, Math.floor(shared * 0.03)))}MB`,
  };
}

/** Percent of memory that programs may claim under vm.overcommit_memory 2: a tenth is left to the kernel. */
export const OVERCOMMIT_RATIO = 90;
