// Kernel keys of a host, as far as its kernel is its own.
import { Annotations } from "cdktf";
import { Construct } from "constructs";
import type { Host } from "../host/host.ts";
import { InvalidProps } from "../invalid-props.ts";
import { KERNEL_KEYS, REFUSED } from "./catalogue.ts";
import { FAIR_QUEUEING } from "./fair-queueing.ts";

/** For hosts that carry streams to many listeners over long-lived connections. */
export const STREAMING: Readonly<Record<string, string | number>> = {
  "net.core.somaxconn": 65_535,
  "net.core.netdev_max_backlog": 30_000,
  "net.core.rmem_default": 262_144,
  "net.core.wmem_default": 262_144,
  "net.core.rmem_max": 16_777_216,
  "net.core.wmem_max": 16_777_216,
  "net.ipv4.tcp_rmem": "4096 87380 16777216",
  "net.ipv4.tcp_wmem": "4096 65536 16777216",
  "net.core.default_qdisc": "fq",
  "net.ipv4.tcp_congestion_control": "bbr",
  "net.ipv4.tcp_slow_start_after_idle": 0,
  "fs.file-max": 2_097_152,
  "fs.nr_open": 2_097_152,
  "kernel.sched_rt_period_us": 1_000_000,
  "kernel.sched_rt_runtime_us": 950_000,
};

export interface KernelTuningProps {
  readonly host: Host;
  /** Key → value; each is read back after it was set, and a difference fails the apply. */
  readonly keys: Readonly<Record<string, string | number>>;
}

export class KernelTuning extends Construct {
  constructor(scope: Construct, id: string, props: KernelTuningProps) {
    super(scope, id);
    const { host, keys } = props;
    InvalidProps.throwIfAny(
      this,
      Object.keys(keys).flatMap((key) => [
        REFUSED[key] !== undefined && `kernel key ${key} is refused: ${REFUSED[key]}`,
        REFUSED[key] === undefined &&
          KERNEL_KEYS[key] === undefined &&
          `kernel key ${key} is not in the catalogue`,
      ]),
    );
    const own = (key: string) => host.kernel === "own" || KERNEL_KEYS[key]?.namespaced === true;
    for (const [key, value] of Object.entries(keys).filter(([name]) => own(name))) {
      host.sysctl(this, key, value, { merge: KERNEL_KEYS[key]?.merge ?? "equal" });
    }
    const leftOut = Object.keys(keys).filter((key) => !own(key));
    if (leftOut.length > 0) {
      Annotations.of(this).addInfo(
        `host ${host.name} shares its kernel, these keys are left to the machine that it runs on: ${leftOut.join(", ")}`,
      );
      host.leaveOut(leftOut);
    }
    if (host.kernel === "own" && keys["net.ipv4.tcp_congestion_control"] === "bbr")
      host.module(this, "tcp_bbr");
    if (host.kernel === "own" && keys["net.core.default_qdisc"] === "fq") this.#fairQueueing(host);
  }

  /** The default reaches new interfaces only. */
  #fairQueueing(host: Host): void {
    host.module(this, "sch_fq");
    host.action(this, "qdisc-fq", { when: "after", scope: "host", ...FAIR_QUEUEING });
  }
}
