// What a cluster's settings must hold before anything is rendered; each rule by its id.

import { OWNED } from "./patroni.ts";

type Values = Readonly<Record<string, string | number | boolean>>;

export interface ClusterSettings {
  readonly hosts: number;
  /** Of them those that do not retire. @default all */
  readonly staying?: number;
  readonly patroni: Values;
  readonly postgresql: Values;
}

export interface SettingReason {
  /** Where it is: a setting of one of the two trees; absent where it is the number of hosts. */
  readonly at?: readonly [tree: "patroni" | "postgresql", key: string];
  readonly message: string;
}

/** A day: a cluster whose leader is gone for longer waits for its operator. */
const DAY = 86_400;
type Dynamic = "switch" | readonly [least: number, most: number];
/** Dynamic settings of Patroni 3.0 with their least values (Patroni, "Dynamic configuration settings"). */
const DYNAMIC: ReadonlyMap<string, Dynamic> = new Map<string, Dynamic>([
  ["ttl", [20, DAY]],
  ["loop_wait", [1, DAY]],
  ["retry_timeout", [3, DAY]],
  ["maximum_lag_on_failover", [0, Number.MAX_SAFE_INTEGER]],
  ["primary_start_timeout", [0, DAY]],
  ["failsafe_mode", "switch"],
  ["synchronous_mode", "switch"],
  ["synchronous_mode_strict", "switch"],
  ["synchronous_node_count", [1, 6]],
]);
export const DYNAMIC_SETTINGS: readonly string[] = [...DYNAMIC.keys()];
const CONNECTIONS = [25, 10_000] as const;

type Rule = (settings: ClusterSettings) => readonly SettingReason[];

export const clusterRules: Readonly<Record<string, Rule>> = {
  "closed-keys": ({ patroni }) =>
    Object.keys(patroni)
      .filter((key) => !DYNAMIC.has(key))
      .map((key) => ({
        at: ["patroni", key],
        message: `patroni setting ${JSON.stringify(key)} is not known; known are ${[...DYNAMIC.keys()].join(", ")}`,
      })),
  "dynamic-typed": ({ patroni }) =>
    Object.entries(patroni).flatMap(([key, value]): SettingReason[] => {
      const form = DYNAMIC.get(key);
      if (!form || (form === "switch" ? typeof value === "boolean" : whole(value, form))) return [];
      const expected = form === "switch" ? "true or false" : `a whole number from ${form[0]} to ${form[1]}`;
      return [{ at: ["patroni", key], message: `patroni setting ${key} must be ${expected}${found(value)}` }];
    }),
  "ttl-budget": ({ patroni }) => {
    const value = (key: string, initial: number) => Number(patroni[key] ?? initial);
    const needed = value("loop_wait", 10) + 2 * value("retry_timeout", 10);
    const message = `patroni ttl ${value("ttl", 30)} must be at least loop_wait + 2 × retry_timeout, which is ${needed}: a leader would lose its lock in one slow round`;
    const [key = "ttl"] = ["ttl", "retry_timeout", "loop_wait"].filter((name) =>
      Object.hasOwn(patroni, name),
    );
    return value("ttl", 30) < needed ? [{ at: ["patroni", key], message }] : [];
  },
  "etcd-quorum": ({ hosts, staying = hosts }) =>
    [3, 5, 7].includes(hosts) || [3, 5, 7].includes(staying)
      ? []
      : [{ message: `a cluster has 3, 5 or 7 members, so that a majority survives a loss; found ${hosts}` }],
  "owned-guc": ({ postgresql }) =>
    Object.keys(postgresql)
      .filter((key) => OWNED.includes(key))
      .map((key) => ({
        at: ["postgresql", key],
        message: `postgresql setting "${key}" is the cluster's own to set`,
      })),
  "guc-typed": ({ postgresql }) =>
    Object.entries(postgresql).flatMap(([key, value]): SettingReason[] => {
      const at = ["postgresql", key] as const;
      if (!/^[a-z_.]+$/.test(key))
        return [{ at, message: `postgresql setting ${JSON.stringify(key)} is no name` }];
      if (key === "max_connections" && !whole(value, CONNECTIONS)) {
        const expected = `a whole number from ${CONNECTIONS[0]} to ${CONNECTIONS[1]}`;
        return [{ at, message: `postgresql setting max_connections must be ${expected}${found(value)}` }];
      }
      return Number.isNaN(value) || Math.abs(Number(value)) === Number.POSITIVE_INFINITY
        ? [{ at, message: `postgresql setting ${key} must be finite${found(value)}` }]
        : [];
    }),
  "sync-members": ({ patroni, hosts, staying = hosts }) =>
    Number(patroni.synchronous_node_count ?? 1) >= staying
      ? [
          {
            at: ["patroni", "synchronous_node_count"],
            message: `synchronous_node_count ${patroni.synchronous_node_count ?? 1} leaves no member to lose of ${staying}`,
          },
        ]
      : [],
};

/** All that is wrong, with the rule that says so. */
export function clusterFaults(settings: ClusterSettings): string[] {
  return Object.entries(clusterRules).flatMap(([id, rule]) =>
    rule(settings).map(({ message }) => `${message} [${id}]`),
  );
}

function whole(value: Values[string], [least, most]: readonly [number, number]): boolean {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}

function found(value: Values[string]): string {
  return `, found ${JSON.stringify(value) ?? value}`;
}
