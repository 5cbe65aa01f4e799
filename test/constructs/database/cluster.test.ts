import { expect, test } from "vitest";
import { parse } from "yaml";
import type { Unit } from "../../../bundle/manifest.ts";
import type { Host } from "../../../constructs/host/host.ts";
import { AUTHORITY } from "../hosts.ts";
import { cluster } from "./cluster.ts";

const CA = "/etc/soundstage/tls/ca.crt";
const text = (host: Host, path: string) => host.bundle().texts.get(path) as string;

test("a client has the authority's certificate and none of its own, which etcd and Patroni would take", () => {
  const { manifest, texts } = cluster()("edge-1").bundle();
  expect(manifest.actions).toEqual([]);
  expect(manifest.secrets).toEqual([
    { path: CA, mode: "0644", owner: "root:root", parts: [AUTHORITY.certificate, "\n"] },
  ]);
  expect(texts.get("/etc/haproxy/haproxy.cfg")).toContain(`ca-file ${CA} `);
});

test.for(["db-1", "edge-1"])(
  "HAProxy of %s listens for its own host alone, and follows its authority",
  (name) => {
    const { manifest, texts } = cluster()(name).bundle();
    const haproxy = texts.get("/etc/haproxy/haproxy.cfg") as string;
    expect(haproxy.match(/bind .*/g)).toEqual(["bind 127.0.0.1:5000", "bind 127.0.0.1:5001"]);
    expect(manifest.units.find((unit) => unit.name === "haproxy.service")?.reload).toContain(CA);
  },
);

test("every unit that trusts the authority takes a new one up", () => {
  const triggers = (name: string, unit: string) => {
    const { restart, reload } = cluster()(name)
      .bundle()
      .manifest.units.find((candidate) => candidate.name === unit) as Unit;
    return { restart: restart.includes(CA), reload: reload.includes(CA) };
  };
  expect(triggers("db-1", "etcd.service")).toEqual({ restart: true, reload: false });
  expect(triggers("db-1", "patroni.service")).toEqual({ restart: false, reload: true });
  expect(triggers("db-1", "pgbackrest.service")).toEqual({ restart: true, reload: false });
  expect(triggers("backup-1", "pgbackrest.service")).toEqual({ restart: true, reload: false });
});

test("members of unequal memory want the same settings of the cluster, those that fit the smallest", () => {
  const host = cluster({}, { unlike: { "db-2": { memory: 4096 } } });
  const settings = ["db-1", "db-2", "db-3"].map((name) => text(host(name), "/etc/patroni/dcs.json"));
  expect(new Set(settings).size).toBe(1);
  expect(JSON.parse(settings[0] as string).postgresql.parameters.shared_buffers).toBe("1024MB");
});

test("hosts may be called as the cluster's own parts are", () => {
  const host = cluster({}, { names: ["backup", "migrations", "access", "store", "edge-1"] });
  expect(
    host("backup")
      .bundle()
      .manifest.units.map(({ name }) => name),
  ).toContain("patroni.service");
});

test("a client without a private address is refused, and names none in pg_hba.conf", () => {
  expect(() => cluster({}, { unlike: { "edge-1": { privateAddress: "" } } })).toThrow(
    'host "edge-1" has no private address to be known to the cluster by',
  );
});

test("a database whose name PostgreSQL has a meaning for is one of that name", () => {
  const { postgresql } = parse(
    text(cluster({ name: "all" })("db-1"), "/etc/patroni/conf.d/10-member.yml"),
  ) as {
    postgresql: { pg_hba: string[] };
  };
  expect(postgresql.pg_hba.filter((line) => line.includes(" application "))).toEqual(
    [1, 2, 3, 5].map((last) => `hostssl "all" application 10.0.0.${last}/32 scram-sha-256`),
  );
  expect(() => cluster({ name: "global" })).toThrow(
    /database name "global" is PostgreSQL's or pgBackRest's own/,
  );
});
