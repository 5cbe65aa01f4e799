// soundstage/observe: a check of what the hosts were last seen to have.
export { HostsCheck, type HostsCheckProps } from "./hosts-check.ts";
