import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { createAuthority } from "../../converge/secrets/authority.ts";
import { Lab } from "./lab.ts";
import { labMissing } from "./requirements.ts";
import { eventually, type Result, run } from "./run.ts";

const missing = labMissing();
const PASSWORDS = ["superuser", "replication", "rewind", "application"];
const DATABASE = ["db-1", "db-2", "db-3", "db-4", "db-5"];
const DATA = "var/lib/postgresql/15/music/PG_VERSION";

describe.skipIf(missing)(
  `hosts that leave a database and come to it${missing ? ` (${missing})` : ""}`,
  () => {
    let lab: Lab;
    let output: string;
    let retired: string;
    let stayed: string[];

    beforeAll(async () => {
      lab = await Lab.start({ hosts: [...DATABASE, "keep-1"].map((name) => ({ name })) });
      output = join(lab.folder, "cdktf.out");
      await createAuthority(join(lab.folder, "ca"));
      mkdirSync(join(lab.folder, "secrets"), { mode: 0o700 });
      for (const name of PASSWORDS)
        writeFileSync(join(lab.folder, "secrets", name), randomBytes(24).toString("base64url"), {
          mode: 0o600,
        });
      const first = await deploy({ "db-1": {}, "db-2": {}, "db-3": {} });
      expect(first.code, first.stdout + first.stderr).toBe(0);
    });
    afterAll(() => lab?.stop());

    test("the leader retires while rows are written: none is lost, and nothing of ours is left but data", async () => {
      retired = (await members(DATABASE[0] as string)).leader;
      stayed = DATABASE.slice(0, 3).filter((name) => name !== retired);
      expect(secretsLeft(retired)).not.toEqual([]);
      expect(keysLeft(retired)).not.toEqual([]);
      const writer = await write(stayed[0] as string);
      const rows = Object.fromEntries(DATABASE.slice(0, 3).map((name) => [name, {}]));
      const left = await deploy({ ...rows, [retired]: { retire: true } });
      const { acknowledged, gap } = await writer.end();
      expect(left.code, left.stdout + left.stderr).toBe(0);
      expect(left.stdout).toMatch(/^3 same, 1 changed, 0 failed/m);
      expect(left.stdout).toMatch(
        new RegExp(`^${retired} +kept +packages .*etcd-server.*postgresql-15`, "m"),
      );
      expect(acknowledged.length).toBeGreaterThan(20);
      expect(gap).toBeLessThan(20);
      expect(await lost(acknowledged)).toEqual([]);
      expect(await members(stayed[0] as string)).toMatchObject({ etcd: stayed, running: stayed });
      expect(secretsLeft(retired)).toEqual([]);
      expect(keysLeft(retired)).toEqual([]);
      expect(existsSync(join(lab.host(retired).root, DATA))).toBe(true);
      const units = "etcd patroni haproxy pgbackrest soundstage-recover";
      expect((await lab.host(retired).exec(`systemctl is-enabled ${units}`)).stdout).not.toContain("enabled");
      expect((await lab.host(retired).exec(`systemctl is-active ${units}`)).stdout).not.toMatch(/^active$/m);
      expect((await apply()).stdout).toMatch(/^4 same, 0 changed, 0 failed/m);
      expect((await soundstage("status")).stdout).toMatch(new RegExp(`^${retired} +retired`, "m"));
    });

    test("another host takes its place when its row goes, and no other restarts its etcd or Patroni", async () => {
      const before = await started(stayed);
      const joined = await deploy({ ...Object.fromEntries(stayed.map((name) => [name, {}])), "db-4": {} });
      expect(joined.code, joined.stdout + joined.stderr).toBe(0);
      stayed.push("db-4");
      await eventually(60_000, async () =>
        expect(await members("db-4")).toMatchObject({ etcd: stayed, running: stayed }),
      );
      expect(await started(stayed.slice(0, 2))).toEqual(before);
    });

    test("a host that is dead is taken out by the others, and a new one comes in the same deploy", async () => {
      const dead = (await members("db-4")).leader;
      await lab.host(dead).kill();
      const alive = stayed.filter((name) => name !== dead);
      await eventually(90_000, async () => expect((await members(alive[0] as string)).leader).not.toBe(""));
      const rows = Object.fromEntries(alive.map((name) => [name, {}]));
      const replaced = await deploy({ ...rows, [dead]: { retire: "lost" }, "db-5": {} });
      expect(replaced.code, replaced.stdout + replaced.stderr).toBe(0);
      stayed = [...alive, "db-5"];
      await eventually(60_000, async () =>
        expect(await members("db-5")).toMatchObject({ etcd: stayed, running: stayed }),
      );
      const { leader } = await members("db-5");
      const slots = await lab
        .host(leader)
        .must(`runuser -u postgres -- psql -XAtc "SELECT slot_name FROM pg_replication_slots ORDER BY 1"`);
      expect(slots.trim().split("\n")).toEqual(
        stayed.filter((name) => name !== leader).map((name) => name.replace("-", "_")),
      );
      expect((await apply()).stdout).toMatch(/^4 same, 0 changed, 0 failed/m);
    });

    /** Synthesizes the region with these database hosts, and brings its hosts to it. */
    async function deploy(rows: Readonly<Record<string, object>>): Promise<Result> {
      const row = (name: string, role: string) => {
        const { address, private: inner, hostKey } = lab.host(name);
        const ssh = { user: "root", hostKey, identity: "id_ed25519" };
        return { address, private: inner, roles: [role], kernel: "shared", cpus: 2, memory: "1GiB", ssh };
      };
      const databases = Object.entries(rows).map(([name, more]) => [
        name,
        { ...row(name, "database"), ...more },
      ]);
      const hosts = Object.fromEntries([...databases, ["keep-1", row("keep-1", "backup")]]);
      const secret = (name: string) => [name, { file: `secrets/${name}`, version: 1 }];
      const platform = {
        platform: "lab",
        state: "local",
        authority: { certificate: { file: "ca/ca.crt" }, key: { file: "ca/ca.key" }, days: 30 },
        regions: { lab: { live: false, hosts } },
        database: {
          region: "lab",
          patroni: { ttl: 20, loop_wait: 5, retry_timeout: 5 },
          postgresql: { max_connections: 50 },
          passwords: Object.fromEntries(PASSWORDS.map(secret)),
        },
      };
      writeFileSync(join(lab.folder, "platform.yaml"), stringify(platform));
      const synthesized = await run(process.execPath, ["--import", "tsx", "bin/main.ts"], {
        env: { SOUNDSTAGE_PLATFORM: join(lab.folder, "platform.yaml"), CDKTF_OUTDIR: output },
      });
      expect(synthesized.code, synthesized.stderr).toBe(0);
      return apply();
    }

    const apply = () => soundstage("apply", "--allow-older");

    async function soundstage(...words: readonly string[]): Promise<Result> {
      await lab.assertUp();
      const cli = join(output, "bin", "soundstage.mjs");
      return run(process.execPath, [cli, ...words, "--stack", "region-lab", "--output", output], {
        timeout: 600_000,
        env: { SOUNDSTAGE_PLATFORM: join(lab.folder, "platform.yaml") },
      });
    }

    /** Who is in etcd, who runs in Patroni, and who leads, as a host sees it; sorted. */
    async function members(on: string): Promise<{ etcd: string[]; running: string[]; leader: string }> {
      const tls = [
        "cacert=/etc/etcd/tls/ca.crt",
        "cert=/etc/etcd/tls/host.crt",
        "key=/etc/etcd/tls/host.key",
      ];
      const options = tls.map((option) => `--${option}`).join(" ");
      const etcd = await lab
        .host(on)
        .must(`ETCDCTL_API=3 etcdctl --endpoints=https://127.0.0.1:2379 ${options} member list`);
      const patroni = await lab.host(on).must("patronictl -c /etc/patroni/config.yml list -f json");
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
      return Promise.all(names.map((name) => lab.host(name).must(asked)));
    }

    /** Rows through the HAProxy of a host, every fifth of a second, until it is ended. */
    async function write(on: string): Promise<{
      end(): Promise<{ acknowledged: number[]; gap: number }>;
    }> {
      const host = lab.host(on);
      const loop = `export PGPASSWORD=$(cat /etc/soundstage/secrets/pg-application)
      n=0; : >/root/written
      while [ ! -e /root/enough ]; do
        n=$((n + 1))
        ! timeout 10 psql -XAtq "${CONNECTION}" -c "INSERT INTO artists (name) VALUES ('row $n')" 2>/dev/null || echo "$n $(date +%s.%N)" >>/root/written
        sleep 0.2
      done`;
      const ended = host.exec(loop, { timeout: 600_000 });
      await eventually(20_000, async () => expect(await host.must("wc -l </root/written")).not.toBe("0\n"));
      return {
        end: async () => {
          await host.must("sleep 2; touch /root/enough");
          await ended;
          const lines = (await host.must("cat /root/written")).trim().split("\n");
          const written = lines.map((line) => line.split(" ").map(Number) as [number, number]);
          const gaps = written.slice(1).map(([, at], index) => at - (written[index] as [number, number])[1]);
          return { acknowledged: written.map(([number]) => number), gap: Math.max(...gaps) };
        },
      };
    }

    /** Rows that were acknowledged and are not there. */
    async function lost(acknowledged: readonly number[]): Promise<number[]> {
      const rows = await lab
        .host(stayed[0] as string)
        .must(
          `PGPASSWORD=$(cat /etc/soundstage/secrets/pg-application) psql -XAtq "${CONNECTION}" -c "SELECT substr(name, 5) FROM artists"`,
        );
      const there = new Set(rows.trim().split("\n").map(Number));
      return acknowledged.filter((number) => !there.has(number));
    }

    /** Names of secrets that lie somewhere on the host's disk. */
    function secretsLeft(name: string): string[] {
      return PASSWORDS.filter((secret) => {
        const value = readFileSync(join(lab.folder, "secrets", secret), "utf8");
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
      const { root } = lab.host(name);
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
  },
);

const CONNECTION =
  "host=127.0.0.1 port=5000 user=application dbname=music sslmode=verify-full sslrootcert=/etc/soundstage/tls/database/ca.crt connect_timeout=3";
