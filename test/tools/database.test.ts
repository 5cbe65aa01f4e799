import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { freePort } from "../../relay/test/port.ts";
import { migrations } from "../../templates/sql/migrations.ts";
import { cluster } from "../constructs/database/cluster.ts";
import { selfSigned } from "./self-signed.ts";

const BIN = "/usr/lib/postgresql/15/bin";
const root = process.getuid?.() === 0;
const why = [
  ...(spawnSync(`${BIN}/postgres`, ["--version"]).status === 0
    ? []
    : ["the Debian package postgresql-15 is not installed"]),
  ...(root ? [] : ["root, to start PostgreSQL as its own user"]),
];
const missing = why.length > 0 ? ` (${why.join(", ")})` : "";

const member = (name?: string) => cluster(name ? { name } : {})("db-1").bundle();

test("settings that all members share stand in no local file, and no password in any", () => {
  const { texts } = member();
  const local = parse(texts.get("/etc/patroni/conf.d/10-member.yml") as string, { version: "1.1" }) as {
    postgresql: { parameters: object; authentication: object };
    watchdog: { mode: unknown };
  };
  expect(Object.keys(local.postgresql.parameters)).not.toContain("max_connections");
  expect(JSON.stringify(local.postgresql.authentication)).not.toContain("password");
  expect(local.watchdog.mode).toBe("automatic");
});

describe.skipIf(spawnSync("haproxy", ["-v"]).status !== 0)("HAProxy (Debian package haproxy)", () => {
  test("takes its file", () => {
    const folder = mkdtempSync(join(tmpdir(), "haproxy-"));
    const ca = join(folder, "ca.crt");
    selfSigned("db.test", { key: join(folder, "key"), certificate: ca });
    const file = join(folder, "haproxy.cfg");
    writeFileSync(
      file,
      (member().texts.get("/etc/haproxy/haproxy.cfg") as string)
        .replaceAll("/etc/soundstage/tls/ca.crt", ca)
        .replaceAll("/run/haproxy", folder),
    );
    const { status, stdout, stderr } = spawnSync("haproxy", ["-c", "-f", file], { encoding: "utf8" });
    expect(stdout + stderr).not.toMatch(/WARNING|ALERT/);
    expect(status).toBe(0);
  });
});

describe.skipIf(missing)(`the music schema on PostgreSQL 15${missing}`, () => {
  let folder: string;
  let port: number;
  let server: ReturnType<typeof spawn>;
  const uid = root ? Number(spawnSync("id", ["-u", "postgres"], { encoding: "utf8" }).stdout) : 0;
  /** A password file would end it at its colon. */
  const password = "pass:word";
  const psql = (sql: string, database = "music") =>
    spawnSync(
      "psql",
      [
        "-XAtq",
        "-v",
        "ON_ERROR_STOP=1",
        "-h",
        folder,
        "-p",
        String(port),
        "-U",
        "postgres",
        "-d",
        database,
        "-f",
        "-",
      ],
      { input: sql, encoding: "utf8", env: { ...process.env, PGPASSWORD: password } },
    );

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "postgres-"));
    execFileSync("chown", ["postgres", folder]);
    chmodSync(join(folder, ".."), 0o755);
    port = await freePort();
    const as = { uid, gid: uid, cwd: "/" };
    const passwordFile = join(folder, "password");
    writeFileSync(passwordFile, `${password}\n`);
    execFileSync(
      `${BIN}/initdb`,
      [
        ...["-D", join(folder, "data"), "--locale=C.UTF-8", "-E", "UTF8", "-A", "scram-sha-256"],
        ...["-U", "postgres", "--pwfile", passwordFile],
      ],
      { ...as, stdio: "ignore" },
    );
    server = spawn(
      `${BIN}/postgres`,
      [
        "-D",
        join(folder, "data"),
        "-k",
        folder,
        "-p",
        String(port),
        "-c",
        "listen_addresses=",
        "-c",
        "fsync=off",
      ],
      { ...as, stdio: "ignore" },
    );
    await vi.waitFor(() => expect(psql("SELECT 1", "postgres").status).toBe(0), {
      timeout: 15_000,
      interval: 200,
    });
    psql("CREATE DATABASE music; CREATE ROLE application LOGIN;", "postgres");
    psql(
      "CREATE TABLE schema_migrations (name text PRIMARY KEY, sha256 char(64) NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())",
    );
  });
  afterAll(() => {
    server?.kill("SIGINT");
  });

  test("every migration applies in one transaction", () => {
    for (const { name, text } of migrations())
      expect([name, psql(`BEGIN; ${text} COMMIT;`).stderr]).toEqual([name, ""]);
  });

  test("a track is found by its words in both alphabets, and The Who is not empty", () => {
    expect(psql("INSERT INTO tracks (title) VALUES ('The Who'), ('Кино'), ('Café del Mar')").stderr).toBe("");
    const find = (words: string) =>
      psql(
        `SELECT title FROM tracks WHERE search @@ (websearch_to_tsquery('music_simple', '${words}') || websearch_to_tsquery('russian', '${words}'))`,
      ).stdout;
    expect([find("who"), find("КИНО"), find("cafe")]).toEqual(["The Who\n", "Кино\n", "Café del Mar\n"]);
  });

  test("plays lie in their month, and partitions ahead are made once", () => {
    expect(
      psql("INSERT INTO plays (played_at, stream_id, region, listeners) VALUES (now(), 'demo', 'eu', 7)")
        .stderr,
    ).toBe("");
    expect(psql("SELECT tableoid::regclass::text ~ '^plays_\\d{6}$' FROM plays").stdout).toBe("t\n");
    expect(psql("SELECT make_play_partitions(current_date, 6)").stdout).toBe("0\n");
  });

  test("rows whose month was never made move into it, at the leader's daily look", () => {
    const { texts } = member();
    const command = /^ExecStart=(.*)$/m.exec(
      texts.get("/etc/systemd/system/soundstage-partitions.service") as string,
    )?.[1] as string;
    const look = () =>
      spawnSync("sh", ["-c", `${command} -h ${folder} -p ${port} -U postgres`], {
        encoding: "utf8",
        env: { ...process.env, PGPASSWORD: password },
      });
    const where = () =>
      psql(
        "SELECT tableoid::regclass, count(*), sum(listeners) FROM plays WHERE stream_id = 'late' GROUP BY 1 ORDER BY 1",
      ).stdout;
    // Half a year on with nobody looking: these months have no partition, and one is long past.
    const months = ["2019-03", "2019-04"].map((month) => `plays_${month.replace("-", "")}`);
    expect(
      psql(
        `INSERT INTO plays (played_at, stream_id, region, listeners) VALUES ('2019-03-01', 'late', 'eu', 1),
           ('2019-03-31 23:59', 'late', 'eu', 2), ('2019-04-01', 'late', 'eu', 4), ('infinity', 'late', 'eu', 8)`,
      ).stderr,
    ).toBe("");
    expect(where()).toBe("plays_default|4|15\n");
    psql(`DROP TABLE plays_${psql("SELECT to_char(current_date, 'YYYYMM')").stdout.trim()}`);
    psql("INSERT INTO plays (played_at, stream_id, region, listeners) VALUES (now(), 'now', 'eu', 1)");
    expect([look().stdout, look().stdout]).toEqual(["3\n", "0\n"]);
    expect(where()).toBe(`plays_default|1|8\n${months[0]}|2|3\n${months[1]}|1|4\n`);
    expect(
      psql("SELECT tableoid::regclass::text ~ '^plays_\\d{6}$' FROM plays WHERE stream_id = 'now'").stdout,
    ).toBe("t\n");
    expect(
      psql("INSERT INTO plays (played_at, stream_id, region, listeners) VALUES (now(), 'x', 'eu', 1)").stderr,
    ).toBe("");
  });

  test("the application reads and writes rows, and changes no schema", () => {
    const as = (sql: string) => psql(`SET ROLE application; ${sql}`);
    expect(as("INSERT INTO artists (name) VALUES ('x')").stderr).toBe("");
    expect(as("CREATE TABLE mine (id int)").stderr).toContain("permission denied");
    expect(as("SELECT * FROM schema_migrations").stderr).toContain("permission denied");
  });

  /** The applier of a database, with this server in the place of the cluster and a folder in that of /etc. */
  function applierOf(database: string) {
    const sql = join(folder, `sql-${database}`);
    mkdirSync(sql);
    for (const { name, text } of migrations()) writeFileSync(join(sql, name), text);
    writeFileSync(join(sql, "pg-superuser"), `${password}\n`);
    writeFileSync(join(sql, "pg-application"), "app:word\n");
    const script = (member(database).texts.get("/etc/soundstage/sql/apply.sh") as string)
      .replaceAll("/etc/soundstage/sql", sql)
      .replaceAll("/etc/soundstage/secrets", sql)
      .replaceAll("host=127.0.0.1 port=5000", `host=${folder} port=${port}`)
      .replaceAll(/ sslmode=verify-full sslrootcert=\S+(?=[ '])/g, "");
    const file = join(sql, "apply.sh");
    writeFileSync(file, script);
    return { sql, run: (verb: string) => spawnSync("sh", ["-eu", file, verb], { encoding: "utf8" }) };
  }

  test.for(["user", "order"])("a database may be called %s, which means something else in SQL", (name) => {
    const { run } = applierOf(name);
    expect(run("check").status).toBe(1);
    const { status, stderr } = run("apply");
    expect([status, stderr]).toEqual([0, expect.not.stringContaining("ERROR")]);
    expect([run("check").status, psql("SELECT count(*) FROM tracks", name).stdout]).toEqual([0, "0\n"]);
  });

  test("a migration that was changed after it was applied is refused by name", () => {
    psql("DROP SCHEMA public CASCADE; CREATE SCHEMA public;");
    const { sql, run } = applierOf("music");
    const apply = () => run("apply");
    const first = apply();
    expect([first.status, first.stderr]).toEqual([0, expect.not.stringContaining("ERROR")]);
    expect(first.stdout.trim().split("\n")).toHaveLength(migrations().length);
    expect(apply().stdout).toBe("");
    const name = migrations()[0]?.name as string;
    writeFileSync(join(sql, name), `${readFileSync(join(sql, name), "utf8")}\n-- changed`);
    const refused = apply();
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toContain(`${name} was applied with other content`);
  });
});
