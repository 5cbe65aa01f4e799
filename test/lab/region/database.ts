// What the database of a region does once it is deployed.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createAuthority } from "../../../converge/secrets/authority.ts";
import { run } from "../run.ts";
import type { LabRegion } from "./lab-region.ts";

export function databaseTests(deployed: () => LabRegion): void {
  const host = (name: string) => deployed().lab.host(name);

  test("a row written through HAProxy on the leader is read on a replica", async () => {
    const written = await deployed().psql(
      "edge-1",
      5000,
      "INSERT INTO artists (name) VALUES ('Lab One') RETURNING pg_is_in_recovery()",
    );
    expect(written).toEqual({ code: 0, stdout: "f\n", stderr: "" });
    const read = await deployed().psql(
      "edge-2",
      5001,
      "SELECT pg_is_in_recovery(), (SELECT name FROM artists)",
    );
    expect(read).toEqual({ code: 0, stdout: "t|Lab One\n", stderr: "" });
    expect((await deployed().psql("edge-1", 5000, "CREATE TABLE mine (id int)")).stderr).toContain(
      "permission denied",
    );
  });

  test("nobody reaches PostgreSQL through another host's HAProxy, nor etcd and Patroni with what a relay host holds", async () => {
    const member = host("db-1").private;
    for (const port of [5000, 5001]) {
      const { code, stderr } = await run("curl", ["-sS", "-m", "5", `http://${member}:${port}`]);
      expect([code, stderr]).toEqual([7, expect.stringContaining("Failed to connect")]);
    }
    const keys = await host("edge-1").must("find /etc/soundstage/tls -name host.key");
    expect(keys).toBe("/etc/soundstage/tls/edge/host.key\n");
    /** With a certificate of a host, whatever it is for. */
    const ask = (name: string, certificate: string, ...args: string[]) => {
      const tls = join(host(name).root, "etc/soundstage/tls");
      const [crt, key] = ["host.crt", "host.key"].map((file) => join(tls, certificate, file)) as [
        string,
        string,
      ];
      return run("curl", [
        ...["-sS", "-m", "10", "--cacert", join(tls, "ca.crt"), "--cert", crt, "--key", key],
        ...args,
      ]);
    };
    const etcd = [`https://${member}:2379/version`];
    const reload = ["-X", "POST", `https://${member}:8008/reload`];
    for (const request of [etcd, reload]) {
      expect((await ask("db-2", "database", ...request)).code).toBe(0);
      for (const [host, certificate] of [
        ["edge-1", "edge"],
        ["cache-1", "redis"],
      ] as const) {
        const { code, stdout } = await ask(host, certificate, ...request);
        expect([host, code === 0, stdout]).toEqual([host, false, ""]);
      }
    }
  });

  test("the months ahead are made by the leader alone", async () => {
    for (const name of ["db-1", "db-2", "db-3"]) {
      const member = host(name);
      await member.must("systemctl start soundstage-partitions.service");
      const said = await member.must("journalctl -u soundstage-partitions.service -o cat --no-pager");
      const leads = (await leaders()).includes(name);
      expect([name, /^0$/m.test(said)]).toEqual([name, leads]);
      expect(await member.must("systemctl list-timers soundstage-partitions.timer --no-legend")).toContain(
        "soundstage-partitions.service",
      );
    }
  });

  test("the members speak TLS 1.3 to one another, and their WAL is archived on another host", async () => {
    const [leader] = await leaders();
    const rows = await host(leader as string).must(
      `runuser -u postgres -- psql -XAtc "SELECT DISTINCT version FROM pg_stat_ssl JOIN pg_stat_replication USING (pid)"`,
    );
    expect(rows).toBe("TLSv1.3\n");
    const check = await host("cache-1").exec("runuser -u postgres -- pgbackrest --stanza=music check", {
      timeout: 90_000,
    });
    expect([check.code, check.stderr]).toEqual([0, ""]);
  });

  test("the nightly base backup is taken by its own unit", async () => {
    const cache = host("cache-1");
    await cache.must("systemctl start soundstage-backup.service", { timeout: 180_000 });
    const info = await cache.must("runuser -u postgres -- pgbackrest --stanza=music --output=json info");
    const [stanza] = JSON.parse(info) as [
      { status: { message: string }; backup: { type: string; error: boolean }[] },
    ];
    expect(stanza.status.message).toBe("ok");
    expect(stanza.backup).toMatchObject([{ type: "full", error: false }]);
    expect(await cache.must("systemctl list-timers soundstage-backup.timer --no-legend")).toContain(
      "soundstage-backup.service",
    );
  });

  async function leaders(): Promise<string[]> {
    const list = await host("db-1").must("patronictl -c /etc/patroni/conf.d list -f json");
    return (JSON.parse(list) as { Member: string; Role: string }[])
      .filter(({ Role }) => Role === "Leader")
      .map(({ Member }) => Member);
  }

  test("a change of the database goes member by member, the leader last after a hand-over", async () => {
    const [leader] = await leaders();
    deployed().edit("max_connections: 100", "max_connections: 100, log_min_duration_statement: 500");
    const deploy = await deployed().deploy();
    expect(deploy.code, deploy.stdout + deploy.stderr).toBe(0);
    expect(deploy.stdout).toMatch(new RegExp(`${leader} +handover +database`));
    expect(await leaders()).not.toContain(leader);
    const shown = await deployed().psql("edge-1", 5000, "SHOW log_min_duration_statement");
    expect(shown.stdout).toBe("500ms\n");
  });

  test("a setting that is taken out of the platform leaves the cluster", async () => {
    deployed().edit("max_connections: 100, log_min_duration_statement: 500", "max_connections: 100");
    const deploy = await deployed().deploy();
    expect(deploy.code, deploy.stdout + deploy.stderr).toBe(0);
    expect(deploy.stdout).toMatch(/action +dcs-settings/);
    await expect
      .poll(async () => (await deployed().psql("edge-1", 5000, "SHOW log_min_duration_statement")).stdout, {
        timeout: 20_000,
      })
      .toBe("-1\n");
  });

  test("a new authority takes the old one's place, and no member is cut off meanwhile", async () => {
    const [trusted, next] = ["ca", "next"].map((name) => join(deployed().lab.folder, name)) as [
      string,
      string,
    ];
    await createAuthority(next);
    const certificate = (folder: string) => readFileSync(join(folder, "ca.crt"), "utf8");
    const [old, coming] = [certificate(trusted), certificate(next)];
    const apply = async () => {
      const { code, stdout, stderr } = await deployed().apply();
      expect(code, stdout + stderr).toBe(0);
      expect(stdout).toMatch(/^0 same, 6 changed, 0 failed, in/m);
      return stdout;
    };
    writeFileSync(join(trusted, "ca.crt"), old + coming);
    await apply();
    expect((await deployed().psql("edge-1", 5000, "SELECT 1")).stdout).toBe("1\n");
    writeFileSync(join(trusted, "ca.crt"), coming + old);
    writeFileSync(join(trusted, "ca.key"), readFileSync(join(next, "ca.key")));
    const said = await apply();
    expect(said).toMatch(/edge-1 +units +.*haproxy\.service reloaded/);
    expect(said).toMatch(/edge-1 +units +.*soundstage-relay@3000\.service restarted/);
    // Whoever trusts the next one alone is content with all of them.
    for (const [edge, port] of [
      ["edge-1", 5000],
      ["edge-2", 5001],
    ] as const)
      expect((await deployed().psql(edge, port, "SELECT 1", "next")).stdout).toBe("1\n");
    for (const name of ["db-1", "db-2", "db-3", "cache-1"]) {
      const readers = await host(name).must(
        "cat >/run/next.crt; for file in /etc/*/tls/host.crt; do openssl verify -CAfile /run/next.crt $file; done",
        { input: coming },
      );
      expect(
        readers
          .trim()
          .split("\n")
          .every((line) => line.endsWith(": OK")),
      ).toBe(true);
    }
    const again = await deployed().apply();
    expect(again.stdout).toMatch(/^6 same, 0 changed, 0 failed, in/m);
  }, 600_000);
}
