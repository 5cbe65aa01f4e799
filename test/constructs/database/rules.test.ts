import { expect, test } from "vitest";
import { Redis } from "../../../constructs/cache/redis.ts";
import { clusterFaults } from "../../../constructs/database/rules.ts";
import { sizing } from "../../../constructs/database/sizing.ts";
import { KernelTuning } from "../../../constructs/kernel/kernel-tuning.ts";
import { AUTHORITY, bundleOf } from "../hosts.ts";

const GOOD = {
  hosts: 3,
  patroni: { ttl: 20, loop_wait: 5, retry_timeout: 5 },
  postgresql: { max_connections: 100 },
};

test("settings that hold raise nothing", () => {
  expect(clusterFaults(GOOD)).toEqual([]);
});

test.for([
  [{ ...GOOD, hosts: 2 }, /3, 5 or 7 members.*\[etcd-quorum\]/],
  [
    { ...GOOD, patroni: { ttl: 20, loop_wait: 10, retry_timeout: 10 } },
    /ttl 20 must be at least loop_wait \+ 2 × retry_timeout, which is 30.*\[ttl-budget\]/,
  ],
  [
    { ...GOOD, patroni: { ...GOOD.patroni, ttl: 15 } },
    /ttl must be a whole number from 20 to 86400, found 15 \[dynamic-typed\]/,
  ],
  [{ ...GOOD, patroni: { tll: 20 } }, /"tll" is not known.*\[closed-keys\]/],
  [{ ...GOOD, postgresql: { archive_command: "true" } }, /the cluster's own to set \[owned-guc\]/],
  [
    { ...GOOD, postgresql: { ssl_min_protocol_version: "TLSv1" } },
    /"ssl_min_protocol_version" is the cluster's own/,
  ],
  [
    { ...GOOD, postgresql: { unix_socket_directories: "/tmp" } },
    /"unix_socket_directories" is the cluster's own/,
  ],
  [{ ...GOOD, patroni: { ...GOOD.patroni, synchronous_node_count: 3 } }, /\[sync-members\]/],
] as const)("settings that do not hold are refused: %j", ([settings, message]) => {
  expect(clusterFaults(settings).join("\n")).toMatch(message);
});

test("memory is divided as the host has it", () => {
  expect(sizing(32_768, 200)).toEqual({
    shared_buffers: "8192MB",
    effective_cache_size: "24576MB",
    maintenance_work_mem: "2048MB",
    work_mem: "40329kB",
    wal_buffers: "16MB",
  });
});

test("Redis that would not fit its host is refused", () => {
  const redis = (maxmemory: number) => () =>
    bundleOf(
      (host) =>
        new Redis(host, "cache", {
          host,
          authority: AUTHORITY,
          password: { env: "X", version: 1 },
          maxmemory,
        }),
    );
  expect(redis(7000)).toThrow(/maxmemory 7000 MiB is more than 75 %/);
  expect(redis(4)).toThrow(/less than 16 MiB/);
  expect(redis(1024)().texts.get("/etc/redis/redis.conf")).toContain("maxmemory 1024mb\n");
});

test("PostgreSQL and Redis on one host is an error that names both", () => {
  expect(() =>
    bundleOf((host) => {
      new KernelTuning(host, "database", { host, keys: { "vm.overcommit_memory": 2 } });
      new Redis(host, "cache", {
        host,
        authority: AUTHORITY,
        password: { env: "X", version: 1 },
        maxmemory: 1024,
      });
    }),
  ).toThrow(
    /vm\.overcommit_memory is asked for as 2 and as 1 on host "one": by test\/one\/database and by test\/one\/cache\/kernel/,
  );
});
