// Database hosts that leave a region and come to it.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../run.ts";
import type { LabRegion } from "./lab-region.ts";

const PASSWORDS = ["superuser", "replication", "rewind", "application"];
const DATA = "var/lib/postgresql/15/music/PG_VERSION";
const CONNECTION =
  "host=127.0.0.1 port=5000 user=application dbname=music sslmode=verify-full sslrootcert=/etc/soundstage/tls/database/ca.crt connect_timeout=3";

/** Hosts that are made with the lab's and booted here. */
export const NEWCOMERS = ["db-4", "db-5"];

export function memberTests(deployed: () => LabRegion): void {
  const host = (name: string) => deployed().lab.host(name);
  let retired: string;
  let stayed = ["db-1", "db-2", "db-3"];

  test("the leader retires while rows are written: none is lost, and nothing of ours is left but data", async () => {
    retired = (await members("db-1")).leader;
    stayed = stayed.filter((name) => name !== retired);
    expect(secretsLeft(retired)).not.toEqual([]);
    expect(keysLeft(retired)).not.toEqual([]);
    const writer = await write(stayed[0] as string);
    deployed().editHosts((hosts) => {
      hosts[retired] = { ...hosts[retired], retire: true };
    });
    const left = await deployed().synthAndApply();
    const { acknowledged, gap } = await writer.end();
    expect(left.code, left.stdout + left.stderr).toBe(0);
    expect(left.stdout).toMatch(/^\d same, \d changed, 0 failed/m);
    expect(left.stdout).toMatch(new RegExp(`^${retired} +kept +packages .*etcd-server.*postgresql-15`, "m"));
    expect(acknowledged.length).toBeGreaterThan(20);
    expect(gap).toBeLessThan(20);
    expect(await lost(acknowledged)).toEqual([]);
    expect(await members(stayed[0] as string)).toMatchObject({ etcd: stayed, running: stayed });
    expect(secretsLeft(retired)).toEqual([]);
    expect(keysLeft(retired)).toEqual([]);
    expect(existsSync(join(host(retired).root, DATA))).toBe(true);
    const units = "etcd patroni haproxy pgbackrest soundstage-recover";
    expect((await host(retired).exec(`systemctl is-enabled ${units}`)).stdout).not.toContain("enabled");
    expect((await host(retired).exec(`systemctl is-active ${units}`)).stdout).not.toMatch(/^active$/m);
    expect((await deployed().apply()).stdout).toMatch(/^6 same, 0 changed, 0 failed/m);
    expect((await deployed().soundstage("status")).stdout).toMatch(new RegExp(`^${retired} +retired`, "m"));
  });

  test("another host takes its place when its row goes, and no other restarts its etcd or Patroni", async () => {
    const before = await started(stayed);
    await host(retired).kill();
    await host("db-4").boot();
    deployed().editHosts((hosts) => {
      delete hosts[retired];
      hosts["db-4"] = deployed().databaseRow("db-4");
    });
    const joined = await deployed().synthAndApply();
    expect(joined.code, joined.stdout + joined.stderr).toBe(0);
    stayed.push("db-4");
    await eventually(60_000, async () =>
      expect(await members("db-4")).toMatchObject({ etcd: stayed, running: stayed }),
    );
    expect(await started(stayed.slice(0, 2))).toEqual(before);
  });

  test("a host that is dead is taken out by the others, and a new one comes in the same deploy", async () => {
    const dead = (await members("db-4")).leader;
    await host(dead).kill();
    const alive = stayed.filter((name) => name !== dead);
    await eventually(90_000, async () => expect((await members(alive[0] as string)).leader).not.toBe(""));
    await host("db-5").boot();
    deployed().editHosts((hosts) => {
      hosts[dead] = { ...hosts[dead], retire: "lost" };
      hosts["db-5"] = deployed().databaseRow("db-5");
    });
    const replaced = await deployed().synthAndApply();
    expect(replaced.code, replaced.stdout + replaced.stderr).toBe(0);
    stayed = [...alive, "db-5"];
    await eventually(60_000, async () =>
      expect(await members("db-5")).toMatchObject({ etcd: stayed, running: stayed }),
    );
    const { leader } = await members("db-5");
    const slots = await host(leader).must(
      `runuser -u postgres -- psql -XAtc "SELECT slot_name FROM pg_replication_slots ORDER BY 1"`,
    );
    expect(slots.trim().split("\n")).toEqual(
      stayed.filter((name) => name !== leader).map((name) => name.replace("-", "_")),
    );
    expect((await deployed().apply()).stdout).toMatch(/^6 same, 0 changed, 0 failed/m);
  });

  /** Who is in etcd, who runs in Patroni, and who leads, as a host sees it; sorted. */
  async function members(on: string): Promise<{ etcd: string[]; running: string[]; leader: string }> {
    const tls = ["cacert=/etc/etcd/tls/ca.crt", "cert=/etc/etcd/tls/host.crt", "key=/etc/etcd/tls/host.key"];
    const options = tls.map((option) => `--${option}`).join(" ");
    const etcd = await host(on).must(
      `ETCDCTL_API=3 etcdctl --endpoints=https://127.0.0.1:2379 ${options} member list`,
    );
    const patroni = await host(on).must("patronictl -c /etc/patroni/conf.d list -f json");
    const rows = JSON.parse(patroni) as { Member: string; Role: string; State: string }[];
    return {
      etcd: etcd
        .trim()
        .split("\n")
        .map((line) => line.split(", ")[2] as string)
        .sort(),
      running: rows
        .filter(({ State }) => ["running", "streaming"].includes(State))
        .map(({ Member }) => Member)
        .sort(),
      leader: rows.find(({ Role, State }) => Role === "Leader" && State === "running")?.Member ?? "",
    };
  }

  /** When the services of the database began. */
  async function started(names: readonly string[]): Promise<string[]> {
    const asked = "systemctl show -P ActiveEnterTimestampMonotonic etcd patroni";
    return Promise.all(names.map((name) => host(name).must(asked)));
  }

  /** Rows through the HAProxy of a host, every fifth of a second, until it is ended. */
  async function write(on: string): Promise<{
    end(): Promise<{ acknowledged: number[]; gap: number }>;
  }> {
    const client = host(on);
    const loop = `export PGPASSWORD=$(cat /etc/soundstage/secrets/pg-application)
      n=0; : >/root/written
      while [ ! -e /root/enough ]; do
        n=$((n + 1))
        ! timeout 10 psql -XAtq "${CONNECTION}" -c "INSERT INTO artists (name) VALUES ('row $n')" 2>/dev/null || echo "$n $(date +%s.%N)" >>/root/written
        sleep 0.2
      done`;
    const ended = client.exec(loop, { timeout: 600_000 });
    await eventually(20_000, async () => expect(await client.must("wc -l </root/written")).not.toBe("0\n"));
    return {
      end: async () => {
        await client.must("sleep 2; touch /root/enough");
        await ended;
        const lines = (await client.must("cat /root/written")).trim().split("\n");
        const written = lines.map((line) => line.split(" ").map(Number) as [number, number]);
        const gaps = written.slice(1).map(([, at], index) => at - (written[index] as [number, number])[1]);
        return { acknowledged: written.map(([number]) => number), gap: Math.max(...gaps) };
      },
    };
  }

  /** Rows that were acknowledged and are not there. */
  async function lost(acknowledged: readonly number[]): Promise<number[]> {
    const rows = await host(stayed[0] as string).must(
      `PGPASSWORD=$(cat /etc/soundstage/secrets/pg-application) psql -XAtq "${CONNECTION}" -c "SELECT substr(name, 5) FROM artists"`,
    );
    const there = new Set(rows.trim().split("\n").map(Number));
    return acknowledged.filter((number) => !there.has(number));
  }

  /** Names of secrets that lie somewhere on the host's disk. */
  function secretsLeft(name: string): string[] {
    return PASSWORDS.filter((secret) => {
      const value = readFileSync(join(deployed().lab.folder, "secrets", secret), "utf8");
      return found(name, "-F", value).length > 0;
    });
  }

  /** Files with private keys, but for those that Debian and its sshd made. */
  function keysLeft(name: string): string[] {
    return found(name, "-E", "^-----BEGIN ([A-Z]+ )?PRIVATE KEY-----$").filter(
      (path) => !/\/etc\/ssh\/|snakeoil/.test(path),
    );
  }

  function found(name: string, kind: string, pattern: string): string[] {
    const { root } = host(name);
    const { stdout, status } = spawnSync(
      "grep",
      [
        "-rls",
        kind,
        "-e",
        pattern,
        ...["etc", "var", "opt", "root", "srv", "home", "tmp"].map((top) => join(root, top)),
      ],
      { encoding: "utf8" },
    );
    expect([0, 1, 2]).toContain(status);
    return stdout.split("\n").filter(Boolean);
  }
}
