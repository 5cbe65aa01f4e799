import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Bundle } from "../../bundle/bundle.ts";
import { Redis } from "../../constructs/cache/redis.ts";
import { Edge } from "../../constructs/edge/edge.ts";
import { Host } from "../../constructs/host/host.ts";
import { RelayWorkload } from "../../constructs/relay/relay-workload.ts";
import { Certificate } from "../../constructs/tls/certificate.ts";
import { createAuthority, sign } from "../../converge/secrets/authority.ts";
import { addCluster } from "../constructs/database/cluster.ts";
import { AUTHORITY, MACHINE, NO_ARTIFACT, stack } from "../constructs/hosts.ts";

const NAMES = ["db-1", "db-2", "db-3", "backup-1"];
const ADDRESSES = ["fd00::1", "fd00::2", "fd00::3", "fd00::4"];
const BIN = "/usr/lib/postgresql/15/bin";
/** All that it starts ends with it, and the addresses are its own. */
const NAMESPACE = ["--net", "--pid", "--fork", "--kill-child", "--mount-proc"];

const root = process.getuid?.() === 0;
const why = [
  ...(root && spawnSync("unshare", [...NAMESPACE, "true"]).status === 0
    ? []
    : ["root, to make a network of its own"]),
  ...["haproxy", "etcd", "etcdctl", "patroni", "pgbackrest", "redis-server", "nginx", `${BIN}/postgres`, "ip"]
    .filter((tool) => spawnSync("sh", ["-c", `command -v ${tool}`]).status !== 0)
    .map((tool) => `${tool} is not installed`),
];
const missing = why.length > 0 ? ` (${why.join(", ")})` : "";

function bundles(): Bundle[] {
  const scope = stack();
  const hosts = NAMES.map(
    (name, index) => new Host(scope, name, { ...MACHINE, privateAddress: ADDRESSES[index] as string }),
  );
  const [first, backup] = [hosts[0] as Host, hosts[3] as Host];
  addCluster(scope, hosts, { clients: [backup] });
  const password = { env: "E", version: 1 };
  const redis = new Redis(scope, "cache", { host: backup, authority: AUTHORITY, password, maxmemory: 64 });
  const certificate = new Certificate(scope, "edge", {
    host: first,
    names: ["example.test"],
    source: { privateCa: AUTHORITY },
  });
  new Edge(scope, "site", { host: first, names: ["example.test"], certificate, ports: [3000], ipv6: true });
  new RelayWorkload(scope, "relay", {
    host: first,
    release: NO_ARTIFACT,
    node: NO_ARTIFACT,
    ports: [3000],
    region: "eu",
    listeners: 10,
    redis: { address: redis.address, port: redis.port, password, ca: "/ca.crt" },
  });
  return hosts.map((host) => host.bundle());
}

describe.skipIf(missing)(`clusters on IPv6 addresses${missing}`, () => {
  const all = bundles();
  let folder: string;

  /** Runs a script where the hosts' addresses are, with what a bundle holds in a folder instead of the root. */
  function run(script: string) {
    const addresses = ADDRESSES.map((address) => `ip address add ${address}/128 dev lo nodad`);
    const lines = ["set -eu", `cd ${folder}`, "ip link set lo up", ...addresses, script];
    return spawnSync("unshare", [...NAMESPACE, "sh", "-c", lines.join("\n")], {
      encoding: "utf8",
      timeout: 25_000,
      killSignal: "SIGKILL",
    });
  }

  /** Paths of the host are paths below its folder. */
  const moved = (text: string, host: string) =>
    text
      .replaceAll(/\/etc\/(?:soundstage\/tls\/\w+|[\w-]+\/tls)\//g, `${folder}/`)
      .replaceAll("/etc/nginx/soundstage", `${folder}/${host}/etc/nginx/soundstage`)
      .replaceAll("/var/lib/etcd/default", `${folder}/${host}/etcd`)
      .replaceAll("/var/lib/pgbackrest", `${folder}/${host}`)
      .replaceAll(/\/run\/haproxy|\/var\/log\/redis|\/var\/lib\/redis/g, `${folder}/${host}`);
  const file = (host: string, path: string) => join(folder, host, path);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ipv6-"));
    for (const path of [dirname(folder), folder]) chmodSync(path, 0o755);
    await createAuthority(join(folder, "ca"));
    const authority = {
      certificate: readFileSync(join(folder, "ca/ca.crt"), "utf8"),
      key: readFileSync(join(folder, "ca/ca.key"), "utf8"),
    };
    const key = join(folder, "host.key");
    execFileSync("openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key]);
    const request = execFileSync("openssl", ["req", "-new", "-key", key, "-subj", "/CN=db-1"], {
      encoding: "utf8",
    });
    const wanted = {
      names: [...NAMES, "localhost", ...ADDRESSES],
      addresses: [...ADDRESSES, "127.0.0.1"],
      days: 2,
      usages: ["serverAuth", "clientAuth"] as const,
      authority: AUTHORITY,
    };
    const chain = await sign(request, { ...wanted, usages: [...wanted.usages] }, authority);
    for (const name of ["host.crt", "fullchain.pem"]) writeFileSync(join(folder, name), chain);
    writeFileSync(join(folder, "ca.crt"), authority.certificate);
    chmodSync(join(folder, "ca"), 0o700);
    for (const [index, { texts }] of all.entries()) {
      const host = NAMES[index] as string;
      for (const [path, text] of texts) {
        const target = file(host, path);
        mkdirSync(dirname(target), { recursive: true });
        // Each member has a loopback of its own elsewhere.
        const own = path === "/etc/default/etcd" ? text.replace("127.0.0.1", `127.0.0.${index + 1}`) : text;
        writeFileSync(target, moved(own, host));
      }
    }
    execFileSync("chown", ["-R", "postgres", folder]);
  });

  test("etcd finds its peers and has a quorum", () => {
    const members = NAMES.slice(0, 3).map(
      (host) =>
        `(set -a; . ${file(host, "/etc/default/etcd")}; export ETCD_UNSUPPORTED_ARCH=arm64; exec etcd) >${host}.log 2>&1 &`,
    );
    const tls = "--cacert=ca.crt --cert=host.crt --key=host.key";
    const endpoints = ADDRESSES.slice(0, 3).map((address) => `https://[${address}]:2379`);
    const health = `ETCDCTL_API=3 etcdctl ${tls} --endpoints=${endpoints.join(",")} endpoint health`;
    const { stdout, stderr } = run(
      [...members, `for _ in $(seq 20); do ! ${health} || exit 0; sleep 0.5; done`, "tail -n 3 *.log"].join(
        "\n",
      ),
    );
    for (const endpoint of endpoints) expect(stdout + stderr).toContain(`${endpoint} is healthy`);
  });

  test("HAProxy takes its file, and listens", () => {
    const config = file("db-1", "/etc/haproxy/haproxy.cfg");
    const { stdout, stderr } = run(
      `haproxy -c -f ${config}\nhaproxy -f ${config} >/dev/null 2>&1 &\nfor _ in $(seq 30); do [ -z "$(ss -Hltn 'sport = :5001')" ] || break; sleep 0.1; done\nss -Hltn`,
    );
    expect(stdout + stderr).not.toMatch(/WARNING|ALERT/);
    for (const port of [5000, 5001]) expect(stdout).toContain(`127.0.0.1:${port}`);
  });

  test("Patroni takes its file", () => {
    const check = all[0]?.manifest.checks.find(({ id }) => id === "patroni")?.command as string;
    const config = file("db-1", "/etc/patroni/conf.d/10-member.yml");
    const { status, stdout, stderr } = run(check.replaceAll("/etc/patroni/conf.d", dirname(config)));
    expect([status, stdout + stderr]).toEqual([0, ""]);
  });

  test("PostgreSQL lets in single addresses, not networks", () => {
    const rules = readFileSync(file("db-1", "/etc/patroni/conf.d/10-member.yml"), "utf8")
      .split("\n")
      .flatMap((line) => /^\s+- ((?:local|hostssl) .*)$/.exec(line)?.[1] ?? []);
    const hosts = rules.filter((rule) => rule.startsWith("hostssl"));
    expect(hosts.length).toBeGreaterThan(10);
    const as = "setpriv --reuid=postgres --regid=postgres --init-groups";
    writeFileSync(join(folder, "pg_hba.conf"), `local all all trust\n${rules.join("\n")}\n`);
    const { stdout, stderr } = run(
      [
        `${as} ${BIN}/initdb -D ${folder}/data -A trust >/dev/null`,
        `${as} ${BIN}/postgres -D ${folder}/data -k ${folder} -c hba_file=${folder}/pg_hba.conf -c listen_addresses=fd00::1 -c ssl=on -c ssl_cert_file=${folder}/host.crt -c ssl_key_file=${folder}/host.key -c fsync=off >postgres.log 2>&1 &`,
        `for _ in $(seq 50); do ${as} psql -h ${folder} -c '' postgres >/dev/null 2>&1 && break; sleep 0.2; done`,
        `${as} psql -XAt -h ${folder} postgres -c "SELECT netmask, count(*), count(error) FROM pg_hba_file_rules WHERE address IS NOT NULL GROUP BY 1"`,
      ].join("\n"),
    );
    expect([stdout, stderr]).toEqual([`ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff|${hosts.length}|0\n`, ""]);
  });

  test("pgBackRest's repository answers its members", () => {
    const config = (host: string) => `--config=${file(host, "/etc/pgbackrest.conf")}`;
    const as = "setpriv --reuid=postgres --regid=postgres --init-groups";
    const { stdout, stderr } = run(
      [
        `${as} pgbackrest ${config("backup-1")} --log-path=${folder} server >server.log 2>&1 &`,
        `for _ in $(seq 30); do [ -z "$(ss -Hltn 'sport = :8432')" ] || break; sleep 0.1; done`,
        `${as} pgbackrest ${config("db-1")} --log-path=${folder} --log-level-console=warn --stanza=music info`,
      ].join("\n"),
    );
    expect([stdout, stderr]).toEqual([expect.stringContaining("missing stanza path"), ""]);
  });

  test("Redis answers the relay's client by the URL that the relay gets", () => {
    const relay = [...(all[0]?.texts.values() ?? [])].find((text) => text.includes("RELAY_REDIS_URL")) ?? "";
    const [url] = /rediss:[^\s"]+/.exec(relay) ?? [];
    const config = file("backup-1", "/etc/redis/redis.conf");
    writeFileSync(config, readFileSync(config, "utf8").replace(/^include .*$|^supervised .*$/gm, ""));
    const client = `
      import { readFileSync } from "node:fs";
      import { connectRedis } from "./relay/server/redis.ts";
      const ca = readFileSync("${folder}/ca.crt", "utf8");
      const log = { info() {}, warn: ({ reason }) => console.error(reason) };
      const client = connectRedis({ url: ${JSON.stringify(url)}, ca }, log);
      client.once("ready", async () => {
        console.log(await client.ping());
        process.exit(0);
      });`;
    const { stdout, stderr } = run(
      [
        `redis-server ${config} --protected-mode no --logfile ${folder}/redis.log >/dev/null &`,
        `for _ in $(seq 50); do [ -z "$(ss -Hltn 'sport = :6379')" ] || break; sleep 0.1; done`,
        `cd ${process.cwd()}`,
        `timeout 10 ${process.execPath} --import tsx --input-type=module -e '${client}'`,
      ].join("\n"),
    );
    expect([stdout, stderr]).toEqual(["PONG\n", ""]);
  });

  test("nginx takes its files", () => {
    const config = file("db-1", "/etc/nginx/nginx.conf");
    const { stderr } = run(`nginx -t -c ${config}`);
    expect(stderr).toContain("test is successful");
    expect(stderr).not.toContain("[warn]");
    expect(readFileSync(file("db-1", "/etc/nginx/soundstage/site.conf"), "utf8")).toContain(
      "listen [::]:443 ssl",
    );
  });
});
