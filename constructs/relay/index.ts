// soundstage/relay: the bundled relay on a host; `artifacts()` of soundstage/output has what it is made of.
export { listenersPerHost } from "./capacity.ts";
export { type RelayRedis, RelayWorkload, type RelayWorkloadProps } from "./relay-workload.ts";
