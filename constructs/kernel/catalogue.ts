// Kernel keys that Soundstage sets: whose they are and what they may hold.

export interface KernelKey {
  /** Settable in a container that owns its network namespace; measured on Debian 12 hosts under Linux 6.18. */
  readonly namespaced: boolean;
  readonly merge: "max" | "equal";
}

export const KERNEL_KEYS: Readonly<Record<string, KernelKey>> = {
  "fs.file-max": { namespaced: false, merge: "max" },
  "fs.nr_open": { namespaced: false, merge: "max" },
  "kernel.sched_rt_period_us": { namespaced: false, merge: "equal" },
  "kernel.sched_rt_runtime_us": { namespaced: false, merge: "equal" },
  "net.core.default_qdisc": { namespaced: false, merge: "equal" },
  "net.core.netdev_max_backlog": { namespaced: false, merge: "max" },
  "net.core.rmem_default": { namespaced: false, merge: "max" },
  "net.core.rmem_max": { namespaced: false, merge: "max" },
  "net.core.somaxconn": { namespaced: true, merge: "max" },
  "net.core.wmem_default": { namespaced: false, merge: "max" },
  "net.core.wmem_max": { namespaced: false, merge: "max" },
  "net.ipv4.tcp_congestion_control": { namespaced: true, merge: "equal" },
  "net.ipv4.tcp_max_syn_backlog": { namespaced: true, merge: "max" },
  "net.ipv4.tcp_rmem": { namespaced: true, merge: "equal" },
  "net.ipv4.tcp_slow_start_after_idle": { namespaced: true, merge: "equal" },
  "net.ipv4.tcp_wmem": { namespaced: true, merge: "equal" },
  "vm.overcommit_memory": { namespaced: false, merge: "equal" },
  "vm.overcommit_ratio": { namespaced: false, merge: "equal" },
  "vm.swappiness": { namespaced: false, merge: "equal" },
};

/** Advice that is dead or does harm on the kernels of Debian 12. */
export const REFUSED: Readonly<Record<string, string>> = {
  "net.ipv4.tcp_tw_recycle": "it broke clients behind NAT and is gone since Linux 4.12",
  "net.ipv4.tcp_fack": "it has no effect",
  "kernel.sched_migration_cost_ns": "it moved to debugfs in Linux 5.13",
  "kernel.sched_min_granularity_ns": "it moved to debugfs in Linux 5.13",
  "kernel.sched_latency_ns": "it moved to debugfs in Linux 5.13",
};
